import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { namesIn } from '../integration/http/support/folder.ts';
import { ledgerRows } from '../support/ledger.ts';
import { HEADER, plainRows } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { memoryOf } from '../support/process-memory.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

const MIB = 1024 * 1024;
/** Of good rows, and of rows of which each is a reject. */
const GOOD = Buffer.from(plainRows({ tag: 'good', to: 12_000 }));
const BAD = Buffer.from(`${'x'.repeat(99)}\n`.repeat(10_000));
const SIZE = (process.env['SLUICE_SOAK'] === undefined ? 200 : 2000) * MIB;

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

function* pieces(piece: Buffer, bytes: number): Generator<Buffer> {
  yield Buffer.from(HEADER);
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}

async function validate(piece: Buffer, bytes: number) {
  const reply = await fetch(`${url}/validate`, {
    method: 'POST',
    body: Readable.toWeb(Readable.from(pieces(piece, bytes))) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  return { status: reply.status, body: JSON.parse(await reply.text()) };
}

/** Asks for /health again and again until told to stop; answers with how long each took, the shortest first. */
function watchHealth(): () => Promise<number[]> {
  let isOver = false;
  const watching = (async () => {
    const times: number[] = [];
    while (!isOver) {
      const asked = performance.now();
      await (await fetch(`${url}/health/live`)).arrayBuffer();
      times.push(performance.now() - asked);
    }
    return times.sort((a, b) => a - b);
  })();
  return () => {
    isOver = true;
    return watching;
  };
}

describe.runIf(process.platform === 'linux')('POST /validate of a large file', () => {
  it('I6 I7 takes no more memory than a small one, keeps nothing, and leaves the API responsive', {
    timeout: 300_000,
  }, async () => {
    await validate(GOOD, MIB);
    const before = (await memoryOf(service.child.pid)).now;
    const stop = watchHealth();
    const [good, bad] = await Promise.all([validate(GOOD, SIZE / 2), validate(BAD, SIZE / 2)]);
    const times = await stop();
    const { peak } = await memoryOf(service.child.pid);

    const rows = (piece: Buffer, lines: number) => Math.ceil(SIZE / 2 / piece.length) * lines;
    expect(good).toMatchObject({
      status: 200,
      body: { files: [{ outcome: 'loaded', rowsRead: rows(GOOD, 12_000), rowsRejected: 0 }] },
    });
    expect(bad).toMatchObject({
      status: 200,
      body: { files: [{ rowsRead: rows(BAD, 10_000), rejectsByReason: { column_count_mismatch: rows(BAD, 10_000) } }] },
    });
    expect(bad.body.files[0].rejects).toHaveLength(100);
    const [p50 = 0, p99 = 0] = [0.5, 0.99].map((share) => times[Math.floor(times.length * share)] ?? 0);
    console.log(
      `${SIZE / MIB} MiB: ${Math.round((peak - before) / MIB)} MiB more memory; ${times.length} calls of /health/live, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    );
    // Two threads and what is under way; all of it would be much more.
    expect(peak - before).toBeLessThan(130 * MIB);
    // With the pass on the main thread it was ten times as much, 47 ms, both on a machine with eight times too much to do.
    expect(p50).toBeLessThan(20);
    expect(await namesIn({ directory })).toEqual({ folder: [], spool: [] });
    expect(await ledgerRows(database)).toEqual([]);
  });
});
