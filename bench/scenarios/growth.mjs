// i: how the cost of a file grows with its rows, one loader.
import { race } from '../race.mjs';
import { Service } from '../service.mjs';

/** Short runs vary most and cost least: there are three times as many. */
const SHORT_ROWS = 10_000;
const SHORT_RUNS = 3;

export async function measure({ place, size, emit }) {
  const service = await Service.open(place, { LOADERS: '1' });
  try {
    for (const rows of size.growth) {
      const file = await place.files.clean({ rows });
      const outcome = await race({
        service,
        runs: rows <= SHORT_ROWS ? SHORT_RUNS * size.runs.growth : size.runs.growth,
        // The digest of ten million rows would take longer than their load.
        sameContent: rows <= size.rows,
        sluice: () => service.load([file]),
        psql: () => service.copy([file]),
      });
      emit({
        what: `${rows.toLocaleString('en')} rows, 1 loader`,
        unit: 's',
        count: { number: file.rows, of: 'rows' },
        ...outcome,
      });
    }
  } finally {
    await service.close();
  }
}
