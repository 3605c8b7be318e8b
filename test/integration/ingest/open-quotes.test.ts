import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { settledFile } from '../../support/ledger.ts';
import { HEADER } from '../../support/plain-events.ts';
import { startTestService } from '../../support/service.ts';

it('D4 one that is never closed costs its own row and no other, with 10 MB behind it; time is bounded', async () => {
  const running = await startTestService({ env: { LOADERS: '2' } });
  try {
    const line = `u,view,2024-01-15,p,${'n'.repeat(250)},1.00,s\n`;
    const count = Math.ceil((10 * 1024 * 1024) / line.length);
    const noRecords = 1024 * 1024;
    writeFileSync(
      join(running.directory, 'open.csv'),
      `${HEADER}${line}u,view,2024-01-15,p,"n,1.00,s\n${line.repeat(count)}`,
    );
    writeFileSync(
      join(running.directory, 'open-at-end.csv'),
      `${HEADER}${line.repeat(count)}u,view,2024-01-15,p,"n,1.00,s`,
    );
    writeFileSync(
      join(running.directory, 'no-record.csv'),
      `${HEADER}${line}u,view,2024-01-15,p,"n,1.00,s\n${'no record\n'.repeat(noRecords)}${line}`,
    );
    expect(await settledFile(running.database, 'open.csv', 60_000)).toMatchObject({
      loaded: count + 1,
      rejected: 1,
      reasons: { malformed_quotes: 1 },
    });
    expect(await settledFile(running.database, 'open-at-end.csv', 60_000)).toMatchObject({
      loaded: count,
      rejected: 1,
      reasons: { malformed_quotes: 1 },
    });
    // Nothing in it can be told to be a row, so it is one broken span, up to the next row.
    expect(await settledFile(running.database, 'no-record.csv', 60_000)).toMatchObject({
      loaded: 2,
      rejected: 1,
      reasons: { record_too_long: 1 },
    });
    const lines = await running.database.query(
      `select name, count(distinct e.line_number)::int as lines, min(e.line_number)::int as first, max(e.line_number)::int as last
       from user_events e join source_files using (file_id) group by name order by name`,
    );
    expect(lines).toEqual([
      { name: 'no-record.csv', lines: 2, first: 2, last: noRecords + 4 },
      { name: 'open-at-end.csv', lines: count, first: 2, last: count + 1 },
      { name: 'open.csv', lines: count + 1, first: 2, last: count + 3 },
    ]);
    const starts = await running.database.query(
      'select name, line_number::int as line from rejected_rows join source_files using (file_id) order by name',
    );
    expect(starts).toEqual([
      { name: 'no-record.csv', line: 3 },
      { name: 'open-at-end.csv', line: count + 2 },
      { name: 'open.csv', line: 3 },
    ]);
  } finally {
    await running.close();
  }
}, 120_000);
