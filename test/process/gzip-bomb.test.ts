import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { expectExactly } from '../support/exact-load.ts';
import { settledFile } from '../support/ledger.ts';
import { expectedPlain, HEADER, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { memoryOf } from '../support/process-memory.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

const MIB = 1024 * 1024;
const FEW = { tag: 'behind the bomb', to: 30 };

let directory: string;
let database: TestDatabase;
let service: SluiceProcess;
let url: string;

beforeEach(async () => {
  directory = await createTestDirectory();
  database = await createTestDatabase();
  service = spawnService({ databaseUrl: database.connectionString, inputDirectory: directory });
  url = await service.ready();
});

afterEach(async () => {
  await service.kill('SIGKILL');
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

/** A header, and behind it so much of the same that 10 MB unpack to gigabytes; made of members, since then it is quickly made. */
async function bombOf(piece: Buffer, members: number): Promise<Buffer> {
  const gzip = createGzip({ level: constants.Z_BEST_COMPRESSION });
  const packed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => packed.push(chunk));
  for (let written = 0; written < 100 * MIB; written += piece.length) {
    await new Promise<void>((resolve) => gzip.write(piece, () => resolve()));
  }
  gzip.end();
  await once(gzip, 'end');
  const member = Buffer.concat(packed);
  return Buffer.concat([gzipSync(HEADER), ...Array.from({ length: members }, () => member)]);
}

it.runIf(process.platform === 'linux')(
  'E5 I6 a bomb fails at the limit, with nothing of it loaded, in bounded memory: in the folder and over HTTP',
  { timeout: 120_000 },
  async () => {
    const before = (await memoryOf(service.child.pid)).now;
    const zeros = await bombOf(Buffer.alloc(MIB), 100);
    expect(zeros.length).toBeGreaterThan(10 * 1000 * 1000);
    expect(zeros.length).toBeLessThan(11 * MIB);
    const rows = await bombOf(Buffer.from('u1,view,2026-01-01T00:00:00Z,p1,Kettle,1.00,s1\n'.repeat(20_000)), 30);

    writeFileSync(join(directory, 'rows.csv.gz'), rows);
    const send = (path: string, init: RequestInit) => fetch(`${url}/uploads${path}`, init);
    const replies = [
      await send('/encoded.csv', { method: 'PUT', body: zeros, headers: { 'content-encoding': 'gzip' } }),
    ];
    const names = ['rows.csv.gz', 'encoded.csv'];
    // Each of them takes a loader some seconds, and from the folder on they all go the same way.
    if (process.env['SLUICE_SOAK'] === '1') {
      const form = new FormData();
      form.set('file', new Blob([zeros]), 'part.csv');
      replies.push(await send('/body.csv.gz', { method: 'PUT', body: zeros }));
      replies.push(await send('', { method: 'POST', body: form }));
      names.push('body.csv.gz', 'part.csv');
    }
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));

    for (const name of names) {
      const file = await settledFile(database, name, 60_000);
      expect(file, name).toMatchObject({ status: 'failed', errorCode: 'gzip_bomb', attempts: 1, read: 0 });
      expect(file.errorMessage).toMatch(/more than 1 GiB and more than 200 times/);
    }
    writeFileSync(join(directory, 'few.csv.gz'), gzipSync(plainFile(FEW)));
    await settledFile(database, 'few.csv.gz');
    await expectExactly(database, [expectedPlain('few.csv.gz', FEW)]);
    expect((await memoryOf(service.child.pid)).peak - before).toBeLessThan(200 * MIB);
  },
);
