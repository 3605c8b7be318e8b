// h: from the start of the process to the line that says that it is ready.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceProcess } from '../sluice-process.mjs';
import { atMost, summary } from '../statistics.mjs';

const TARGET_MS = 2000;

export async function measure({ place, size, emit }) {
  // The first start has been by the suite itself, where the database is a server of one's own.
  if (place.databaseUrl === undefined) {
    const first = [];
    for (let i = 0; i < size.runs.firstStart; i += 1) {
      const data = join(place.directory, `first-${i}`);
      first.push(await startMs(place, data));
      await rm(data, { recursive: true, force: true });
    }
    emit({ what: 'first start, creates the database', unit: 'ms', sluice: summary(first) });
  }
  const later = [];
  for (let i = 0; i < size.runs.laterStart; i += 1) later.push(await startMs(place, place.data));
  const sluice = summary(later);
  emit({
    what: 'start on an existing database',
    unit: 'ms',
    sluice,
    targets: [atMost('p50', sluice.median, TARGET_MS, 'ms'), atMost('max', sluice.max, TARGET_MS, 'ms')],
  });
}

async function startMs(place, data) {
  const input = join(place.directory, 'empty');
  await mkdir(input, { recursive: true });
  const settings = { INPUT_DIR: input, DATA_DIR: data };
  if (place.databaseUrl !== undefined) settings.DATABASE_URL = place.databaseUrl;
  const service = place.keep(new SluiceProcess(settings, place.directory));
  await service.ready(place.signal);
  await service.stop();
  return service.startMs;
}
