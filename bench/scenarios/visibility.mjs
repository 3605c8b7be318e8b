// e: from the rename of a file into the folder to the moment at which its row can be read.
import { rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WrongResultError } from '../ledger.mjs';
import { Service } from '../service.mjs';
import { atMost, summary } from '../statistics.mjs';
import { whileLoading } from '../while-loading.mjs';

const HEADER = 'user_id,event_type,event_timestamp,product_id,product_name,product_price,session_id';
const KINDS = [
  { kind: 'aged', what: 'old file', ageMs: 10_000 },
  { kind: 'fresh', what: 'new file', ageMs: 0 },
];
const LOADERS = 2;
const TARGET_P50_MS = 250;
const TARGET_P95_MS = 500;
const POLL_MS = 2;
const DEADLINE_MS = 30_000;
/** Arrivals at a fixed distance would meet the timers of the service always in the same phase. */
const LONGEST_PAUSE_MS = 150;

export async function measure({ place, size, emit }) {
  const busy = await place.files.clean({ rows: size.busyRows });
  const service = await Service.open(place, { LOADERS: String(LOADERS) });
  try {
    await service.ledger.clean();
    for (const { kind, what, ageMs } of KINDS) {
      const times = await arrivals(place, service, {
        name: `idle-${kind}`,
        ageMs,
        count: size.arrivals,
        goOn: () => true,
      });
      emit(result(`${what}, idle`, times));
    }
    const times = {};
    await whileLoading({ place, service, files: [busy] }, async (isLoading) => {
      for (const { kind, ageMs } of KINDS) {
        const options = { name: `busy-${kind}`, ageMs, count: size.arrivals, goOn: isLoading };
        times[kind] = await arrivals(place, service, options);
      }
    });
    for (const { kind, what } of KINDS)
      emit(result(`${what}, 1 of ${LOADERS} loaders busy`, times[kind], size.arrivals));
  } finally {
    await service.close();
  }
}

function result(what, times, wanted = times.length) {
  if (times.length === 0) throw new Error(`the load ended before anything was measured (${what}): use more --rows`);
  const sluice = summary(times);
  const targets = [atMost('p50', sluice.median, TARGET_P50_MS, 'ms'), atMost('p95', sluice.p95, TARGET_P95_MS, 'ms')];
  const notes = times.length < wanted ? [`the load ended after ${times.length} of ${wanted} files`] : [];
  return { what: `rename to row, ${what}`, unit: 'ms', sluice, targets, notes };
}

async function arrivals(place, service, { name, ageMs, count, goOn }) {
  const times = [];
  for (let i = 0; i < count; i += 1) {
    await delay(Math.random() * LONGEST_PAUSE_MS, undefined, { signal: place.signal });
    if (!(await goOn())) break;
    const ms = await arrival(place, service, `${name}-${i}.csv`, ageMs);
    // One that was not over before the load was may have had the machine for itself.
    if (await goOn()) times.push(ms);
  }
  const [{ visible }] = await service.ledger.rows(
    `select count(*)::int as visible from user_events where session_id like $1`,
    [`${name}-%`],
  );
  if (visible < times.length) throw new WrongResultError(`${times.length} files are loaded, ${visible} rows visible`);
  return times;
}

async function arrival(place, service, name, ageMs) {
  const made = join(place.directory, name);
  await writeFile(made, `${HEADER}\nu1,view,2026-01-01T00:00:00Z,P1,Shoe,1.00,${name}\n`);
  if (ageMs > 0) {
    const then = new Date(Date.now() - ageMs);
    await utimes(made, then, then);
  }
  const start = performance.now();
  await rename(made, join(place.input, name));
  for (;;) {
    // Row and state come with the same commit. To look for the row itself would be to scan millions of others.
    const [loaded] = await service.ledger.rows(
      "select 1 from source_files where name = $1 and status = 'loaded' and rows_loaded = 1",
      [name],
    );
    const now = performance.now();
    if (loaded !== undefined) return now - start;
    if (now - start > DEADLINE_MS) throw new Error(`${name} is not visible after ${DEADLINE_MS / 1000} s`);
    await delay(POLL_MS, undefined, { signal: place.signal });
  }
}
