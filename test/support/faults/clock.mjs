// A wall clock that is wrong, in each thread of the process: `new Date()` and `Date.now()` are SLUICE_CLOCK_SHIFT_MS
// off, and jump by SLUICE_CLOCK_STEP_MS once, SLUICE_CLOCK_STEP_AFTER_MS behind the start of the process. The monotonic
// clock (`performance.now`, timers) goes on as it is, as with a machine whose time is set.
const shiftMs = Number(process.env['SLUICE_CLOCK_SHIFT_MS'] ?? 0);
const stepMs = Number(process.env['SLUICE_CLOCK_STEP_MS'] ?? 0);
const stepAfterMs = Number(process.env['SLUICE_CLOCK_STEP_AFTER_MS'] ?? 0);

const RealDate = Date;
const startedAt = RealDate.now() - process.uptime() * 1000;

function now() {
  const real = RealDate.now();
  return real + shiftMs + (real - startedAt > stepAfterMs ? stepMs : 0);
}

globalThis.Date = class ShiftedDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }

  static now() {
    return now();
  }
};
