const MINUTE_MS = 60_000;

/** `2024-01-15T10:23:45.123Z`, several times faster than `toISOString` as long as the minute stays the same. */
export function createTimeFormat(): (time: number) => string {
  let minute = Number.NaN;
  let prefix = '';
  return (time) => {
    const rest = time % MINUTE_MS;
    if (time - rest !== minute) {
      minute = time - rest;
      prefix = new Date(minute).toISOString().slice(0, 17);
    }
    return `${prefix}${MILLISECONDS[rest] ?? ''}`;
  };
}

// '00.000Z' to '59.999Z', made once: formatting numbers is what makes writing timestamps slow.
const MILLISECONDS: readonly string[] = Array.from(
  { length: MINUTE_MS },
  (_, ms) => `${String(Math.floor(ms / 1000)).padStart(2, '0')}.${String(ms % 1000).padStart(3, '0')}Z`,
);
