import { WrongResultError } from './ledger.mjs';
import { ratios, summary } from './statistics.mjs';

/**
 * Lets Sluice and psql load in turn. `sluice` and `psql` load from empty tables and return seconds. With `sameContent` both must
 * leave the same rows behind, which is looked at after the first run of each.
 *
 * @returns `{ sluice, psql, ratios }`: summaries of seconds, and how many times as fast as psql Sluice is
 * @throws WrongResultError
 */
export async function race({ service, runs, sluice, psql, sameContent = true }) {
  const digest = sameContent ? () => service.ledger.contentDigest() : undefined;
  const seconds = await inTurn({
    runs,
    contestants: { sluice: { load: sluice, digest }, psql: { load: psql, digest } },
  });
  return {
    sluice: summary(seconds.sluice),
    psql: summary(seconds.psql),
    ratios: ratios(seconds.sluice, seconds.psql),
  };
}

/**
 * Lets contestants `{ load, digest? }` load in turn: A, B, B, A, and so on, so that a machine that gets slower meanwhile is as unfair to
 * the one as to the other. `load` returns seconds; `digest`, a number for the content, is asked for after the first run.
 *
 * @returns the seconds of each, by the names of the contestants
 * @throws WrongResultError where they have not left the same content behind
 */
export async function inTurn({ runs, contestants }) {
  const names = Object.keys(contestants);
  const seconds = Object.fromEntries(names.map((name) => [name, []]));
  const digests = new Map();
  for (let run = 0; run < runs; run += 1) {
    for (const name of run % 2 === 0 ? names : names.toReversed()) {
      const { load, digest } = contestants[name];
      seconds[name].push(await load());
      if (run === 0 && digest !== undefined) digests.set(name, await digest());
    }
  }
  if (new Set(digests.values()).size > 1) {
    const told = Array.from(digests, ([name, digest]) => `${name} ${digest}`);
    throw new WrongResultError(`the same files have left other rows behind: ${told.join(', ')}`);
  }
  return seconds;
}
