// f: how long the API takes to answer while every loader is busy.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Service } from '../service.mjs';
import { atMost, summary } from '../statistics.mjs';
import { BusyWindow, whileLoading } from '../while-loading.mjs';

const TARGET_P99_MS = 25;
/** Each needs a file of its own: on a large machine more would fill its disk. */
const MOST_LOADERS = 8;
const POLL_MS = 50;
const PHASES = [
  { name: 'health', what: 'loaders busy' },
  { name: 'analytics', what: 'loaders busy, analytics asked' },
];

export async function measure({ place, size, emit }) {
  const loaders = Math.min(availableParallelism(), MOST_LOADERS);
  const preloaded = await place.files.clean({ rows: size.rows, seed: 98 });
  const files = [];
  for (let seed = 1; seed <= loaders; seed += 1) files.push(await place.files.clean({ rows: size.busyRows, seed }));
  const service = await Service.open(place, { LOADERS: String(loaders) });
  try {
    // Analytics are to have something to read from the first moment.
    await service.load([preloaded]);
    const requests = await requestsWhileLoading({ place, service, files, seconds: size.requestSeconds });
    for (const result of results(requests, loaders)) emit(result);
  } finally {
    await service.close();
  }
}

async function requestsWhileLoading({ place, service, files, seconds }) {
  const client = new Worker(new URL('../request-client.mjs', import.meta.url), {
    workerData: { origin: service.process.origin },
  });
  const done = new Promise((resolve, reject) => client.once('message', resolve).once('error', reject));
  // Heard where it is awaited; a client that fails earlier must not end the process before it has cleaned up.
  done.catch(() => {});
  const busy = new BusyWindow();
  try {
    await whileLoading({ place, service, files }, async (isLoading) => {
      for (const { name } of PHASES) {
        client.postMessage(name);
        await busy.watch(isLoading, { seconds, everyMs: POLL_MS, signal: place.signal });
      }
      client.postMessage('stop');
      await done;
    });
    return busy.within(await done, TARGET_P99_MS);
  } finally {
    await client.terminate();
  }
}

function results(requests, loaders) {
  const of = (phase, path) => requests.filter((request) => request.phase === phase && request.path === path);
  const rows = PHASES.map(({ name, what }) => ({
    path: '/health',
    what,
    samples: of(name, '/health'),
    hasTarget: true,
  }));
  for (const path of ['/analytics/purchases', '/analytics/users']) {
    rows.push({ path, what: PHASES[0].what, samples: of('analytics', path), hasTarget: false });
  }
  return rows.map(({ path, what, samples, hasTarget }) => {
    const refused = samples.filter(({ status }) => status !== 200).length;
    const sluice = samples.length === 0 ? undefined : summary(samples.map(({ ms }) => ms));
    const isMet = hasTarget && sluice !== undefined;
    return {
      what: `${path}, ${loaders} ${what}`,
      unit: 'ms',
      sluice,
      targets: isMet ? [atMost('p99', sluice.p99, TARGET_P99_MS, 'ms')] : [],
      notes: [
        ...(refused > 0 ? [`${refused} of ${samples.length} answers were not 200`] : []),
        ...(samples.length === 0 ? ['no answer came while the files were loading'] : []),
      ],
    };
  });
}
