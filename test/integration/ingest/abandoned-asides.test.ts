import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/database/client.ts';
import { settleAbandonedAsides } from '../../../src/ingest/sources/abandoned-asides.ts';
import { settledFile } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

let service: TestService;
let database: Database;

beforeEach(async () => {
  service = await startTestService();
  database = openDatabase({
    connectionString: service.database.connectionString,
    applicationName: 'sluice-test',
    maxConnections: 1,
    onError: () => {},
  });
});

afterEach(async () => {
  await database.$client.end();
  await service.close();
  await rm(service.directory, { recursive: true, force: true });
});

async function loaded(name: string, content: string): Promise<number> {
  writeFileSync(join(service.directory, name), content);
  return (await settledFile(service.database, name)).id;
}

const aside = (fileId: number) => join(service.directory, `.sluice-${fileId}-${randomUUID()}`);
const settle = (abandonedAfterMs?: number) =>
  settleAbandonedAsides({
    database,
    directory: service.directory,
    log: pino({ level: 'silent' }),
    ...(abandonedAfterMs === undefined ? {} : { abandonedAfterMs }),
  });
const names = async () => (await readdir(service.directory)).sort();

describe('C8 what a process had set aside when it died', () => {
  it('is removed at once where it is the version whose rows are loaded', async () => {
    const id = await loaded('a.csv', plainFile({ tag: 'a', to: 3 }));
    await rename(join(service.directory, 'a.csv'), aside(id));
    await settle();
    expect(await names()).toEqual([]);
  });

  it('gets its name back where it is another version, once no replica can be at it, and is loaded', async () => {
    const id = await loaded('a.csv', plainFile({ tag: 'a', to: 3 }));
    const other = plainFile({ tag: 'other', to: 4 });
    const path = aside(id);
    writeFileSync(path, other);
    await settle();
    expect(await names()).toEqual([path.slice(service.directory.length + 1), 'a.csv']);
    await settle(0);
    expect(await names()).toEqual(['a-2.csv', 'a.csv']);
    expect(await settledFile(service.database, 'a-2.csv')).toMatchObject({ status: 'loaded', loaded: 4 });
  });

  it('gets a name where the ledger does not know it, and overwrites nothing', async () => {
    writeFileSync(aside(123456), plainFile({ tag: 'unknown', to: 2 }));
    await settle(0);
    expect(await settledFile(service.database, 'restored-123456.csv')).toMatchObject({ status: 'loaded', loaded: 2 });
  });

  it('is nothing that only looks like it', async () => {
    const alike = [
      '.sluice-1-x',
      `.sluice-x-${randomUUID()}`,
      `.sluice-${randomUUID()}`,
      `.sluice-temporary-${randomUUID()}`,
    ];
    for (const name of alike) writeFileSync(join(service.directory, name), 'x');
    await settle(0);
    expect(await names()).toEqual(alike.sort());
    expect(await readFile(join(service.directory, '.sluice-1-x'), 'utf8')).toBe('x');
  });
});
