// a: one file, one loader, against `\copy` of the same file.
import { race } from '../race.mjs';
import { Service } from '../service.mjs';
import { atLeast } from '../statistics.mjs';

export async function measure({ place, size, emit }) {
  const file = await place.files.clean({ rows: size.rows });
  const service = await Service.open(place, { LOADERS: '1' });
  try {
    const outcome = await race({
      service,
      runs: size.runs.one,
      sluice: () => service.load([file]),
      psql: () => service.copy([file]),
    });
    emit({
      what: `${file.rows.toLocaleString('en')} rows, ${(file.bytes / 1e6).toFixed(1)} MB, 1 loader`,
      unit: 's',
      count: { number: file.rows, of: 'rows' },
      ...outcome,
      targets: [atLeast('ratio', outcome.ratios.medianOfPairs, 1.2)],
      notes: service.ledger.checkpoints
        ? []
        : ['this user may not CHECKPOINT: runs may pay for what the one before left unwritten'],
    });
  } finally {
    await service.close();
  }
}
