import { writeFileSync } from 'node:fs';
import { open, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settledFile } from '../support/ledger.ts';
import { HEADER, plainRows } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { memoryOf } from '../support/process-memory.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** Of the three, an ordinary run makes one that large: each is read twice. */
const OTHERS = process.env['SLUICE_SOAK'] === '1' ? GIB : 64 * MIB;
/** What a service may take beyond what it takes when it does nothing. */
const MORE_MEMORY_BYTES = 200 * MIB;
/** A gigabyte is read twice and skipped once, on a machine that does other things as well. */
const BOUNDED_MS = 60_000;

let database: TestDatabase;
let directory: string;
let service: SluiceProcess;
let url: string;
let idleBytes: number;

beforeEach(async () => {
  database = await createTestDatabase();
  directory = await createTestDirectory();
  service = spawnService({ databaseUrl: database.connectionString, inputDirectory: directory });
  url = await service.ready();
  // What every load takes, whatever it reads.
  writeFileSync(join(directory, 'first.csv'), HEADER + plainRows({ tag: 'first', to: 20_000 }));
  await settledFile(database, 'first.csv');
  idleBytes = await peakBytes(service);
});

afterEach(async () => {
  await service.kill('SIGKILL');
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

const peakBytes = async (of: SluiceProcess) => (await memoryOf(of.child.pid)).peak;

/** A file whose middle is a hole: NULs that take no place on the disk. */
async function writeSparse(name: string, head: string, bytes: number, tail: string): Promise<void> {
  const path = join(directory, `${name}.tmp`);
  writeFileSync(path, head);
  await truncate(path, bytes);
  const handle = await open(path, 'a');
  await handle.write(tail);
  await handle.close();
  await rename(path, join(directory, name));
}

describe.runIf(process.platform === 'linux')('memory and time', () => {
  it('D9 I6 have a bound for a record of a gigabyte, which is rejected alone, and for a header of one, which fails its file', async () => {
    const good = plainRows({ tag: 'good', to: 2 });
    await writeSparse('record.csv', HEADER + good, GIB, `\n${good}`);
    await writeSparse('quoted.csv', `${HEADER}${good}u,view,2024-01-15,p,"`, OTHERS, `\n${good}`);
    await writeSparse('header.csv', HEADER.trimEnd(), OTHERS, `\n${good}`);
    expect(await settledFile(database, 'record.csv', BOUNDED_MS)).toMatchObject({
      status: 'loaded',
      loaded: 4,
      reasons: { record_too_long: 1 },
    });
    expect(await settledFile(database, 'quoted.csv', BOUNDED_MS)).toMatchObject({
      status: 'loaded',
      loaded: 4,
      reasons: { record_too_long: 1 },
    });
    expect(await settledFile(database, 'header.csv', BOUNDED_MS)).toMatchObject({
      status: 'failed',
      errorCode: 'unsupported_encoding',
    });
    const raws = await database.query<{ bytes: number; cut: boolean }>(
      'select octet_length(raw) as bytes, raw_truncated as cut from rejected_rows',
    );
    expect(raws.every(({ bytes, cut }) => bytes <= 4096 && cut)).toBe(true);
    expect((await peakBytes(service)) - idleBytes).toBeLessThan(MORE_MEMORY_BYTES);
  }, 200_000);

  it('D9 I6 have a bound for a hundred thousand columns, and for a header of a million characters', async () => {
    const extra = Array.from({ length: 100_000 }, (_, n) => `column_${n}`);
    const row = plainRows({ tag: 'wide', to: 1 }).trimEnd();
    const wide = `${HEADER.trimEnd()},${extra.join(',')}\n${`${row}${','.repeat(extra.length)}\n`.repeat(20)}${row}\n`;
    writeFileSync(join(directory, 'wide.csv'), wide.replaceAll('column_', 'c'));
    writeFileSync(join(directory, 'long.csv'), `${HEADER.trimEnd()},${'x'.repeat(1_000_000)}\n${row},1\n`);
    writeFileSync(join(directory, 'too-long.csv'), `${HEADER.trimEnd()},${'x'.repeat(2_000_000)}\n${row},1\n`);
    expect(await settledFile(database, 'wide.csv', BOUNDED_MS)).toMatchObject({
      status: 'loaded',
      loaded: 20,
      reasons: { column_count_mismatch: 1 },
    });
    expect(await settledFile(database, 'long.csv')).toMatchObject({ status: 'loaded', loaded: 1 });
    expect(await settledFile(database, 'too-long.csv')).toMatchObject({
      status: 'failed',
      errorCode: 'missing_columns',
    });
    // Every list of files says again what was ignored.
    const list = await (await fetch(`${url}/ingestion/files`)).text();
    expect(list.length).toBeLessThan(16 * 1024);
    expect(list).toContain('and 99900 more');
    expect((await peakBytes(service)) - idleBytes).toBeLessThan(MORE_MEMORY_BYTES);
  }, 100_000);
});
