import { writeFileSync } from 'node:fs';
import { appendFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccounting } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { settledRows, settledVersions } from '../../support/ledger.ts';
import { startTestService, type TestService } from '../../support/service.ts';

// The price last, since a cut price is a price like any other.
const HEADER = 'user_id,event_type,event_timestamp,product_id,product_name,session_id,product_price\n';
const ROW = 'u1,view,2026-01-01T00:00:00Z,p1,"Kettle, red",s1,19.99';
const NEXT = 'u2,view,2026-01-01T00:00:01Z,p2,Teapot,s2,5.00';

async function events(service: TestService, name = '%'): Promise<string[]> {
  const rows = await service.database.query<{ row: string }>(
    `select concat_ws(' ', user_id, product_name, product_price) as row from user_events join source_files using (file_id)
      where name like $1 order by user_id, event_id`,
    [name],
  );
  return rows.map(({ row }) => row);
}

const WHOLE = ['U1 Kettle, red 19.99', 'U2 Teapot 5.00'];

describe('a file whose last row was cut where its writer paused', () => {
  // In each field, in quotes, behind a delimiter, and behind the whole row, which then only lacks its line end.
  it.each([
    1,
    10,
    20,
    38,
    42,
    45,
    52,
    ROW.length - 1,
    ROW.length,
  ])('C1 I1 I5 has the whole row and no piece of it, cut behind %i characters', async (cut) => {
    const service = await startTestService();
    try {
      const path = join(service.directory, 'growing.csv');
      writeFileSync(path, HEADER + ROW.slice(0, cut));
      await settledVersions(service.database, 'growing.csv', 1);
      await appendFile(path, `${ROW.slice(cut)}\n${NEXT}\n`);
      const [first, second] = await settledVersions(service.database, 'growing.csv', 2);
      expect(await events(service)).toEqual(WHOLE);
      expect(second).toMatchObject({ status: 'loaded', follows: first?.id, rejected: 0 });
      expect(first).toMatchObject({ read: cut === ROW.length ? 1 : 0, rejected: 0, reasons: {} });
      await expectAccounting(service.database);
    } finally {
      await service.close();
    }
  });

  it('C1 I1 I5 has it also when it was cut several times, and in gzip', async () => {
    const service = await startTestService();
    try {
      const path = join(service.directory, 'growing.csv.gz');
      writeFileSync(path, gzipSync(HEADER + ROW.slice(0, 30)));
      await settledVersions(service.database, 'growing.csv.gz', 1);
      await appendFile(path, gzipSync(ROW.slice(30, -2)));
      await settledVersions(service.database, 'growing.csv.gz', 2);
      await appendFile(path, gzipSync(`${ROW.slice(-2)}\n${NEXT}`));
      await settledVersions(service.database, 'growing.csv.gz', 3);
      expect(await events(service)).toEqual(WHOLE);
      await expectAccounting(service.database);
    } finally {
      await service.close();
    }
  });
});

describe('a file that was cut inside quotes', () => {
  // Its last byte may be a line end, and so may the first one behind it: neither ends the row.
  const LINES = 'u1,view,2026-01-01T00:00:00Z,p1,"Kettle,\n\nred\r\n""hot""",s1,19.99';
  const LOADED = ['U1 Kettle,\n\nred\r\n"hot" 19.99', 'U2 Teapot 5.00'];
  const opening = LINES.indexOf('"');
  const cuts = Array.from({ length: LINES.indexOf(',s1') - opening }, (_, index) => opening + 1 + index);
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.close());

  it.each(cuts)('C1 I1 I5 has the whole row and no piece of it, cut behind %i characters', async (cut) => {
    const name = `quoted-${cut}.csv`;
    const path = join(service.directory, name);
    writeFileSync(path, HEADER + LINES.slice(0, cut));
    await settledVersions(service.database, name, 1);
    // A file of its own, and not the same bytes as the one before.
    await appendFile(path, `${LINES.slice(cut)}\n${NEXT.replace('s2', name)}\n`);
    const [first, second] = await settledVersions(service.database, name, 2);
    expect(await events(service, name)).toEqual(LOADED);
    expect(second).toMatchObject({ status: 'loaded', follows: first?.id, read: 2, rejected: 0 });
    expect(first).toMatchObject({ read: 0, rejected: 0, reasons: {} });
    await expectAccounting(service.database);
  });

  it('C1 I3 counts one line where the cut went through a CRLF', async () => {
    const path = join(service.directory, 'crlf.csv');
    writeFileSync(path, `${HEADER.trimEnd()}\r\n${ROW}\r`);
    await settledVersions(service.database, 'crlf.csv', 1);
    await appendFile(path, `\n${NEXT}\r\n`);
    await settledVersions(service.database, 'crlf.csv', 2);
    expect(await events(service, 'crlf.csv')).toEqual(WHOLE);
    const lines = await service.database.query(
      "select line_number::int as line from user_events join source_files using (file_id) where name = 'crlf.csv' order by 1",
    );
    expect(lines).toEqual([{ line: 2 }, { line: 3 }]);
  });

  it('C1 I2 I3 has one reject for a quote that is never closed, whatever is appended', async () => {
    const path = join(service.directory, 'never.csv');
    writeFileSync(path, `${HEADER}u0,view,2026-01-01T00:00:00Z,p1,"Kettle,s0,1.00\n`);
    await settledVersions(service.database, 'never.csv', 1);
    for (const [index, user] of ['u1', 'u2', 'u3'].entries()) {
      await appendFile(path, `${ROW.replace('u1', user)}\n`);
      await settledVersions(service.database, 'never.csv', index + 2);
    }
    expect(await events(service, 'never.csv')).toEqual(['U1', 'U2', 'U3'].map((user) => `${user} Kettle, red 19.99`));
    const rejects = await service.database.query('select line_number::int as line, reason from rejected_rows');
    expect(rejects).toEqual([{ line: 2, reason: 'malformed_quotes' }]);
    await expectAccounting(service.database);
  });
});

describe('a row that was taken back for a version that came to nothing', () => {
  it('C3 I1 is whole in the version that takes its place', async () => {
    const service = await startTestService({ env: { COMMIT_ROWS: '500' } });
    try {
      const path = join(service.directory, 'growing.csv');
      writeFileSync(path, HEADER + ROW.slice(0, 30));
      const [first] = await settledVersions(service.database, 'growing.csv', 1);
      expect(first).toMatchObject({ rejected: 1 });
      const more = Array.from({ length: 6000 }, (_, n) => `${NEXT.replace('u2', `m${n}`)}\n`).join('');
      const before = await HeldLoads.hold(service.database);
      await appendFile(path, `${ROW.slice(30)}\n${more}`);
      await before.untilHeld();
      const hold = await before.passOneCommit();
      await hold.untilHeld();
      // The same beginning, and behind it something else.
      writeFileSync(path, `${HEADER}${ROW}\n${NEXT}\n`);
      await hold.release();
      const [old, second] = await settledVersions(service.database, 'growing.csv', 2);
      expect(await events(service)).toEqual(WHOLE);
      expect(old).toMatchObject({ read: 0, rejected: 0 });
      expect(second).toMatchObject({ status: 'loaded', follows: old?.id, loaded: 2, rejected: 0 });
      await expectAccounting(service.database);
    } finally {
      await service.close();
    }
  });
});

describe('a version that comes back', () => {
  it('C3 I1 an earlier file moved back and appended to loads its new row only', async () => {
    const service = await startTestService();
    try {
      const path = join(service.directory, 'a.csv');
      writeFileSync(path, `${HEADER}${ROW}\n`);
      await settledRows(service.database, 1);
      await rename(path, join(service.directory, 'aside.tmp'));
      writeFileSync(path, `${HEADER}${NEXT}\n`);
      await settledRows(service.database, 2);
      await rename(join(service.directory, 'aside.tmp'), path);
      await appendFile(path, `${NEXT.replace('u2', 'u3')}\n`);
      const rows = await settledRows(service.database, 3);
      expect(rows[2]).toMatchObject({ status: 'loaded', loaded: 1, follows: rows[0]?.id });
      expect(await events(service)).toEqual([...WHOLE, 'U3 Teapot 5.00']);
    } finally {
      await service.close();
    }
  });
});

describe('a folder that is away for a while', () => {
  it('C5 I3 fails no file that was waiting', async () => {
    const service = await startTestService({ env: { RESCAN_MS: '300' } });
    try {
      const names = Array.from({ length: 30 }, (_, index) => `f${index}.csv`);
      for (const [index, name] of names.entries()) {
        writeFileSync(join(service.directory, name), `${HEADER}${ROW.replace('u1', `u${index}`)}\n`);
      }
      await rename(service.directory, `${service.directory}-away`);
      await rename(`${service.directory}-away`, service.directory);
      const rows = await settledRows(service.database, names.length);
      expect(rows.map(({ status }) => status)).toEqual(names.map(() => 'loaded'));
    } finally {
      await service.close();
    }
  });
});
