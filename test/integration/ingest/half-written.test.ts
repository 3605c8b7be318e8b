import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { expectAccounting } from '../../support/exact-load.ts';
import { settledRows, settledVersions } from '../../support/ledger.ts';
import { startTestService, type TestService } from '../../support/service.ts';

// The price last, since a cut price is a price like any other.
const HEADER = 'user_id,event_type,event_timestamp,product_id,product_name,session_id,product_price\n';
const ROW = 'u1,view,2026-01-01T00:00:00Z,p1,"Kettle, red",s1,19.99';
const NEXT = 'u2,view,2026-01-01T00:00:01Z,p2,Teapot,s2,5.00';

async function events(service: TestService): Promise<string[]> {
  const rows = await service.database.query<{ row: string }>(
    "select concat_ws(' ', user_id, product_name, product_price) as row from user_events order by user_id, event_id",
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
  ])('I1 I5 has the whole row and no piece of it, cut behind %i characters', async (cut) => {
    const service = await startTestService();
    try {
      const path = join(service.directory, 'growing.csv');
      await writeFile(path, HEADER + ROW.slice(0, cut));
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

  it('I1 I5 has it also when it was cut several times, and in gzip', async () => {
    const service = await startTestService();
    try {
      const path = join(service.directory, 'growing.csv.gz');
      await writeFile(path, gzipSync(HEADER + ROW.slice(0, 30)));
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

describe('a version that comes back', () => {
  it('I1 an earlier file moved back and appended to loads its new row only', async () => {
    const service = await startTestService();
    try {
      const path = join(service.directory, 'a.csv');
      await writeFile(path, `${HEADER}${ROW}\n`);
      await settledRows(service.database, 1);
      await rename(path, join(service.directory, 'aside.tmp'));
      await writeFile(path, `${HEADER}${NEXT}\n`);
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
  it('I3 fails no file that was waiting', async () => {
    const service = await startTestService({ env: { RESCAN_MS: '300' } });
    try {
      const names = Array.from({ length: 30 }, (_, index) => `f${index}.csv`);
      for (const [index, name] of names.entries()) {
        await writeFile(join(service.directory, name), `${HEADER}${ROW.replace('u1', `u${index}`)}\n`);
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
