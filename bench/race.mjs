import { WrongResultError } from './ledger.mjs';
import { ratios, summary } from './statistics.mjs';

/**
 * Lets Sluice and psql load in turn: Sluice, psql, psql, Sluice, and so on, so that a machine that gets slower meanwhile is as unfair
 * to the one as to the other. `sluice` and `psql` load from empty tables and return seconds. With `sameContent` both must
 * leave the same rows behind, which is looked at after the first run of each.
 *
 * @returns `{ sluice, psql, ratios }`: summaries of seconds, and how many times as fast as psql Sluice is
 * @throws WrongResultError
 */
export async function race({ service, runs, sluice, psql, sameContent = true }) {
  const contestants = { sluice, psql };
  const seconds = { sluice: [], psql: [] };
  const digests = {};
  for (let run = 0; run < runs; run += 1) {
    for (const name of run % 2 === 0 ? ['sluice', 'psql'] : ['psql', 'sluice']) {
      seconds[name].push(await contestants[name]());
      if (run === 0 && sameContent) digests[name] = await service.ledger.contentDigest();
    }
  }
  if (digests.sluice !== digests.psql) {
    throw new WrongResultError(`the rows of Sluice (${digests.sluice}) are not those of psql (${digests.psql})`);
  }
  return {
    sluice: summary(seconds.sluice),
    psql: summary(seconds.psql),
    ratios: ratios(seconds.sluice, seconds.psql),
  };
}
