// d: the same number of rows written in other ways, one loader.
import { race } from '../race.mjs';
import { Service } from '../service.mjs';
import { atLeast } from '../statistics.mjs';

export async function measure({ place, size, emit }) {
  const { rows } = size;
  const { files } = place;
  const plain = await files.clean({ rows });
  const quoted = await files.clean({ rows, encoding: 'quoted' });
  const escaped = await files.clean({ rows, encoding: 'escaped' });
  const zipped = await files.clean({ rows, gzip: true });
  const contests = [
    { what: 'quoted', sluice: quoted, psql: quoted, target: 1 },
    { what: 'quoted, "" in names', sluice: escaped, psql: escaped, target: 1 },
    {
      what: '10 % dirty',
      sluice: await files.dirty(rows),
      psql: plain,
      sameContent: false,
      notes: ['psql would refuse this file at its first dirty row; it loads a clean one with as many rows'],
    },
    { what: 'gzip', sluice: zipped, psql: zipped, notes: ['psql reads the output of `gzip -dc`'] },
    {
      what: 'UTF-16',
      sluice: await files.clean({ rows, encoding: 'utf16' }),
      psql: plain,
      notes: ['psql cannot read UTF-16; it loads the same rows in UTF-8, half the bytes'],
    },
  ];
  const service = await Service.open(place, { LOADERS: '1' });
  try {
    for (const { what, sluice, psql, target, sameContent, notes } of contests) {
      const outcome = await race({
        service,
        runs: size.runs.dialect,
        sameContent,
        sluice: () => service.load([sluice]),
        psql: () => service.copy([psql]),
      });
      emit({
        what: `${what}, ${rows.toLocaleString('en')} rows, 1 loader`,
        unit: 's',
        count: { number: sluice.rows, of: 'rows' },
        ...outcome,
        targets: target === undefined ? [] : [atLeast('ratio', outcome.ratios.medianOfPairs, target)],
        notes: [`${(sluice.bytes / 1e6).toFixed(1)} MB`, ...(notes ?? [])],
      });
    }
  } finally {
    await service.close();
  }
}
