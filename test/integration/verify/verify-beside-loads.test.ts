import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting } from '../../support/exact-load.ts';
import { release, revert, upload } from '../../support/file-calls.ts';
import { settledVersions } from '../../support/ledger.ts';
import { plainFile, plainRows } from '../../support/plain-events.ts';
import { rejectSheet, savedSheet } from '../../support/reject-sheet.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { verified } from '../../support/verified.ts';

let running: TestService;

beforeAll(async () => {
  running = await startTestService({ env: { LOADERS: '2', RESCAN_MS: '200', COMMIT_ROWS: '200' } });
});

afterAll(() => running.close());

const send = (name: string, content: string | Buffer, query?: string) => upload(running.url, name, content, query);

async function undo(fileId: number): Promise<void> {
  // Others may be undone at the moment.
  await eventually(async () => expect((await revert(running.url, fileId)).status).toBe(200));
}

/** A file with rejects, their correction, and in every other round the undo of one of the two. */
async function correctAndUndo(round: number): Promise<void> {
  const name = `corrected-${round}.csv`;
  const dirty = await send(name, plainFile({ tag: name, to: 500, badEvery: 5 }));
  const sheet = await rejectSheet(running.url, dirty.fileId);
  const rows = sheet.rows.map((row) => ({ ...row, product_price: '9.99' }));
  const mended = await send(`mended-${round}.csv`, savedSheet({ ...sheet, rows }));
  expect(mended).toMatchObject({ rowsLoaded: 100, rowsRejected: 0 });
  if (round % 2 === 1) await undo(mended.fileId);
  if (round % 3 === 2) await undo(dirty.fileId);
}

/** A file that is held, and released or discarded. */
async function holdAndRelease(round: number): Promise<void> {
  const name = `held-${round}.csv`;
  const held = await send(name, plainFile({ tag: name, to: 600, badEvery: 3 }), '&maxRejectPercent=10');
  expect(held.status).toBe('held');
  if (round % 2 === 0) expect((await release(running.url, held.fileId)).status).toBe(202);
  else await undo(held.fileId);
}

/** A file of which the last row was cut, and comes whole with others. */
async function cutAndAppend(round: number): Promise<void> {
  const name = `cut-${round}.csv`;
  const path = join(running.directory, name);
  const whole = plainFile({ tag: name, to: 300, badEvery: 30 });
  writeFileSync(path, whole.slice(0, -9));
  await settledVersions(running.database, name, 1);
  writeFileSync(path, whole + plainRows({ tag: name, from: 300, to: 320 }));
  await settledVersions(running.database, name, 2);
  await rm(path);
}

describe('verify beside a service that works', () => {
  it('I2 never tells a difference, whatever is loaded, corrected, held, released, cut and undone meanwhile', async () => {
    let isOver = false;
    let looks = 0;
    const looking = (async () => {
      while (!isOver) {
        expect(await verified(running.database)).toEqual([]);
        looks += 1;
      }
    })();
    // Heard where it is awaited.
    looking.catch(() => {});
    try {
      await Promise.all(
        [correctAndUndo, holdAndRelease, cutAndAppend].map(async (work) => {
          for (let round = 0; round < 5; round += 1) await work(round);
        }),
      );
    } finally {
      isOver = true;
      await looking;
    }
    expect(looks).toBeGreaterThan(3);
    expect(await verified(running.database)).toEqual([]);
    await expectAccounting(running.database);
  });
});
