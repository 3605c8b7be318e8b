// j: how long the analytics take to answer while two loaders are busy, from 10⁵ events on.
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { QUESTIONS } from '../analytics-questions.mjs';
import { BaseEvents } from '../base-events.mjs';
import { Service } from '../service.mjs';
import { atMost, summary } from '../statistics.mjs';
import { verifyViews } from '../verified-views.mjs';
import { BusyWindow, whileLoading } from '../while-loading.mjs';

const LOADERS = 2;
/** The step that the targets are for; beyond it answers may take so many times as long as there. */
const TARGET_EVENTS = 10_000_000;
const TARGET_P50_MS = 5;
const TARGET_P99_MS = 25;
const TARGET_GROWTH = 2;
/** The second kind of files, which costs most: each row is another one's of so many users. */
const OTHER_USERS = 1_000_000;
/** Beyond it, to count everything again takes longer than all the rest. */
const MOST_VERIFIED_EVENTS = 1_000_000;
/** Plans, caches and connections are those of a service that has been asked before. */
const WARM_UP_MS = 1000;
const ASKED_USERS = 2000;
/** Rarely: to add up what is pending takes time of the server, too. */
const LOOK_MS = 200;

export async function measure({ place, size, emit }) {
  const files = await busyFiles(place, size.analyticsBusyRows);
  const filesOfOthers = await busyFiles(place, size.analyticsBusyRows, OTHER_USERS);
  const service = await Service.open(place, { LOADERS: String(LOADERS) });
  // Some of its statements take minutes. Where it is not to be reached any more, there is nothing to be ended.
  const interrupt = () => void service.ledger.cancel().catch(() => {});
  place.signal.addEventListener('abort', interrupt);
  try {
    await service.ledger.clean();
    const base = new BaseEvents(service.ledger, place.signal);
    const atTarget = new Map();
    for (const events of size.analytics) {
      await base.growTo(events);
      const step = { place, service, base };
      const measured = await answersWhileLoading({ ...step, files });
      if (events <= MOST_VERIFIED_EVENTS) await verifyViews(service.databaseUrl);
      if (events === TARGET_EVENTS) for (const { name, sluice } of measured.answers) atTarget.set(name, sluice);
      for (const result of results(measured, { events, what: '' })) {
        emit({ ...result, targets: targetsOf(result, events, atTarget) });
      }
      // Every load of them takes longer, and the curve is the other one.
      if (events < TARGET_EVENTS && events !== size.analytics.at(-1)) continue;
      const ofOthers = await answersWhileLoading({ ...step, files: filesOfOthers });
      for (const result of results(ofOthers, { events, what: ', each row another user' })) emit(result);
    }
  } finally {
    place.signal.removeEventListener('abort', interrupt);
    await service.close();
  }
}

async function busyFiles(place, rows, users) {
  const files = [];
  for (let seed = 1; seed <= LOADERS; seed += 1) files.push(await place.files.clean({ rows, seed, users }));
  return files;
}

/** `{ answers: [{ name, samples, sluice }], pending }`: summaries of milliseconds, and users in deltas at every look. */
async function answersWhileLoading({ place, service, base, files }) {
  await base.settle();
  const { origin } = service.process;
  const users = await base.someUsers(ASKED_USERS);
  const client = new Worker(new URL('../analytics-client.mjs', import.meta.url), {
    workerData: { databaseUrl: service.databaseUrl, origin, users },
  });
  const done = new Promise((resolve, reject) => client.once('message', resolve).once('error', reject));
  // Heard where it is awaited; a client that fails earlier must not end the process before it has cleaned up.
  done.catch(() => {});
  const busy = new BusyWindow();
  const pending = [];
  const look = async () => pending.push(await pendingUsers(service.ledger));
  try {
    await delay(WARM_UP_MS, undefined, { signal: place.signal });
    await whileLoading({ place, service, files }, async (isLoading) => {
      await busy.watch(isLoading, { everyMs: LOOK_MS, signal: place.signal, look });
      client.postMessage('stop');
      await done;
    });
    const samples = busy.within(await done, TARGET_P99_MS);
    return { pending, answers: QUESTIONS.map(({ name }) => answersTo(name, samples)) };
  } finally {
    await client.terminate();
  }
}

function answersTo(name, all) {
  const samples = all.filter((sample) => sample.name === name);
  return { name, samples, sluice: samples.length === 0 ? undefined : summary(samples.map(({ ms }) => ms)) };
}

/** Users in deltas that are not folded yet, each as often as a load has left one. */
async function pendingUsers(ledger) {
  const [{ users }] = await ledger.rows('select coalesce(sum(entries), 0)::int as users from user_deltas');
  return users;
}

function results({ answers, pending }, { events, what }) {
  const some = pending.filter((users) => users > 0).length;
  const deltas = `deltas of users waited at ${some} of ${pending.length} looks, of ${Math.max(0, ...pending).toLocaleString('en')} at most`;
  return answers.map(({ name, samples, sluice }) => {
    const refused = samples.filter(({ status }) => status !== 200).length;
    return {
      what: `${name}, ${events.toLocaleString('en')} events${what}`,
      name,
      unit: 'ms',
      sluice,
      notes: [
        deltas,
        ...(refused > 0 ? [`${refused} of ${samples.length} answers were without rows or an error`] : []),
        ...(samples.length === 0 ? ['no answer came while the files were loading'] : []),
      ],
    };
  });
}

function targetsOf({ name, sluice }, events, atTarget) {
  const reference = atTarget.get(name);
  if (sluice === undefined || reference === undefined) return [];
  const most =
    events === TARGET_EVENTS
      ? { p50: TARGET_P50_MS, p99: TARGET_P99_MS }
      : { p50: TARGET_GROWTH * reference.median, p99: TARGET_GROWTH * reference.p99 };
  return [atMost('p50', sluice.median, most.p50, 'ms'), atMost('p99', sluice.p99, most.p99, 'ms')];
}
