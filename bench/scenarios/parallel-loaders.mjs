// b: as many files as loaders, against as many psql at once.
import { availableParallelism } from 'node:os';
import { race } from '../race.mjs';
import { Service } from '../service.mjs';
import { atLeast } from '../statistics.mjs';

/** LOADERS goes no further. */
const MOST_LOADERS = 64;

export async function measure({ place, size, emit }) {
  const cores = availableParallelism();
  for (const loaders of new Set([cores, 2 * cores].map((count) => Math.min(count, MOST_LOADERS)))) {
    const files = [];
    for (let seed = 1; seed <= loaders; seed += 1)
      files.push(await place.files.clean({ rows: size.parallelRows, seed }));
    const service = await Service.open(place, { LOADERS: String(loaders) });
    try {
      const outcome = await race({
        service,
        runs: size.runs.parallel,
        sluice: () => service.load(files),
        psql: () => service.copy(files),
      });
      emit({
        what: `${loaders} files of ${files[0].rows.toLocaleString('en')} rows, ${loaders} loaders`,
        unit: 's',
        count: { number: files.reduce((sum, { rows }) => sum + rows, 0), of: 'rows' },
        ...outcome,
        targets: [atLeast('ratio', outcome.ratios.medianOfPairs, 1.1)],
      });
    } finally {
      await service.close();
    }
  }
}
