// c: thousands of files of ten rows, against one psql with a \copy for each.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeadlineError, WrongResultError } from '../ledger.mjs';
import { writeScript } from '../psql.mjs';
import { race } from '../race.mjs';
import { Service } from '../service.mjs';
import { atLeast, summary } from '../statistics.mjs';

/** At 80 files a second, 5,000 take a minute. */
const SLOWEST_FILES_PER_SECOND = 25;
const TARGET_FILES_PER_SECOND = 1000;

export async function measure({ place, size, emit }) {
  const files = await place.files.small(size.smallFiles);
  const digests = new Set(await Promise.all(files.map(({ path }) => sha256(path))));
  const script = join(place.directory, 'copy.sql');
  await writeScript(script, files);
  const withinMs = (files.length / SLOWEST_FILES_PER_SECOND) * 1000;
  const row = {
    what: `${files.length.toLocaleString('en')} files of 10 rows, default loaders`,
    unit: 's',
    count: { number: files.length, of: 'files' },
  };
  const service = await Service.open(place, {});
  try {
    const outcome = await race({
      service,
      runs: size.runs.small,
      sluice: async () => {
        const seconds = await service.load(files, { withinMs });
        await verifyDigests(service.ledger, digests);
        return seconds;
      },
      psql: () => service.timed(files, () => place.psql.runScript(service.databaseUrl, script, place.signal)),
    });
    emit({ ...row, ...outcome, targets: [filesPerSecond(files.length / outcome.sluice.median)] });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    const sluice = summary([(error.seconds / Math.max(1, error.loaded)) * files.length]);
    emit({
      ...row,
      sluice,
      targets: [filesPerSecond(error.loaded / error.seconds)],
      notes: [`given up: ${error.message}`],
    });
  } finally {
    await service.close();
  }
}

function filesPerSecond(actual) {
  return atLeast('files/s', actual, TARGET_FILES_PER_SECOND);
}

/** The counts of every file have been looked at by then; here, that each of them is the file that was put there. */
async function verifyDigests(ledger, digests) {
  const rows = await ledger.rows('select sha256 from source_files');
  const unknown = rows.filter((row) => !digests.has(row.sha256)).length;
  const missing = digests.size - new Set(rows.map((row) => row.sha256)).size;
  if (unknown + missing > 0) throw new WrongResultError(`${unknown} unknown digests in the ledger, ${missing} missing`);
}

async function sha256(path) {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
