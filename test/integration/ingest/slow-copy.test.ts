import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isDatabaseAway } from '../../../src/database/database-error.ts';
import { CopyWriter } from '../../../src/ingest/load/copy-writer.ts';
import { LoadConnection } from '../../../src/ingest/load/load-connection.ts';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const SILENCE_MS = 1500;
const BYTES = 512 * 1024;
const MESSAGE_BYTES = 32 * 1024;
/** Takes some times longer than the server may be silent, all of it behind the moment at which the system had the bytes. */
const BYTES_PER_SECOND = 120_000;

let database: TestDatabase;
let proxy: DatabaseProxy;
let connection: LoadConnection;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.start(database.connectionString);
  // The way to ask is open, as it is where only the COPY is slow.
  connection = new LoadConnection(proxy.connectionString, 'sluice-test');
  await database.query('create table lines (line text)');
});

afterEach(async () => {
  connection.discard();
  await proxy.close();
  await database.drop();
});

async function copyInto(): Promise<CopyWriter> {
  const client = await connection.client();
  return new CopyWriter(client, 'copy lines from stdin', () => connection.copiedBytes(client), SILENCE_MS);
}

describe('B2 a COPY', () => {
  it('B2 that a slow server takes little by little is waited for', async () => {
    const writer = await copyInto();
    proxy.bytesPerSecond = BYTES_PER_SECOND;
    const line = Buffer.from(`${'x'.repeat(1023)}\n`);
    const began = performance.now();
    // The server counts a message when it has all of it.
    const message = Buffer.concat(Array<Buffer>(MESSAGE_BYTES / line.length).fill(line));
    for (let sent = 0; sent < BYTES; sent += MESSAGE_BYTES) await writer.write(message);
    await writer.finish();
    expect(performance.now() - began).toBeGreaterThan(2 * SILENCE_MS);
    expect(await database.query('select count(*)::int as lines from lines')).toEqual([{ lines: BYTES / line.length }]);
  });

  it('B1 that nobody takes is given up, as an outage', async () => {
    const writer = await copyInto();
    proxy.silence();
    const finished = writer.write(Buffer.from('a\n')).then(() => writer.finish());
    const error = await finished.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'copy_stalled' });
    expect(isDatabaseAway(error)).toBe(true);
  }, 10_000);
});
