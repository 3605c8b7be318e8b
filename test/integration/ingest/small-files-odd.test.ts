import { writeFileSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { ledgerRows, settledFile } from '../../support/ledger.ts';
import { HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

interface OddFile {
  readonly name: string;
  readonly bytes: string | Buffer;
  /** done to the file when it waits in the queue */
  readonly meanwhile?: (path: string) => Promise<void>;
}

const rowOf = (fields: string) => `${HEADER}${fields}\n${plainRows({ tag: fields, to: 2 })}`;
const text = plainFile({ tag: 'text', to: 4, badEvery: 3 });
const utf16 = (bytes: string) => Buffer.from(`\uFEFF${bytes}`, 'utf16le');

const BEFORE: readonly OddFile[] = [
  { name: 'original.csv', bytes: plainFile({ tag: 'original', to: 6 }) },
  { name: 'grown.csv', bytes: plainFile({ tag: 'grown', to: 5 }).trimEnd() },
  { name: 'rewritten.csv', bytes: plainFile({ tag: 'old', to: 3 }) },
];

const ODD: readonly OddFile[] = [
  ...['plain-1', 'plain-2', 'plain-3'].map((tag) => ({
    name: `${tag}.csv`,
    bytes: plainFile({ tag, to: 7, badEvery: 2 }),
  })),
  { name: 'empty.csv', bytes: '' },
  { name: 'blank.csv', bytes: '\n\n' },
  { name: 'header-only.csv', bytes: HEADER },
  { name: 'header-without-line-end.csv', bytes: HEADER.trimEnd().toUpperCase() },
  { name: 'missing-columns.csv', bytes: 'user_id,event_type\nu,view\n' },
  { name: 'duplicate-columns.csv', bytes: `user_id,${text}` },
  { name: 'zipped.csv.gz', bytes: gzipSync(plainFile({ tag: 'zipped', to: 3 })) },
  { name: 'zipped-under-a-plain-name.csv', bytes: gzipSync(plainFile({ tag: 'zipped-too', to: 3 })) },
  { name: 'corrupt.csv.gz', bytes: gzipSync(plainFile({ tag: 'corrupt', to: 3 })).subarray(0, -9) },
  { name: 'utf-16.csv', bytes: utf16(plainFile({ tag: 'sixteen-\u{1f680}', to: 3 })) },
  { name: 'utf-16-cut.csv', bytes: utf16(plainFile({ tag: 'cut', to: 3 })).subarray(0, -3) },
  { name: 'utf-32.csv', bytes: Buffer.from([0xff, 0xfe, 0, 0, 0x75, 0, 0, 0]) },
  { name: 'bom.csv', bytes: `\uFEFF${plainFile({ tag: 'bom', to: 3 })}` },
  { name: 'crlf.csv', bytes: plainFile({ tag: 'crlf', to: 3 }).replaceAll('\n', '\r\n') },
  { name: 'cr.csv', bytes: plainFile({ tag: 'cr', to: 3 }).replaceAll('\n', '\r') },
  { name: 'no-last-line-end.csv', bytes: plainFile({ tag: 'tail', to: 3 }).trimEnd() },
  { name: 'semicolons.csv', bytes: plainFile({ tag: 'semicolons', to: 3 }).replaceAll(',', ';') },
  { name: 'more-columns.csv', bytes: plainFile({ tag: 'more', to: 3 }).replaceAll('\n', ',x\n') },
  { name: 'open-quote-in-header.csv', bytes: `"note,${text}"` },
  { name: 'duplicate.csv', bytes: plainFile({ tag: 'original', to: 6 }) },
  { name: 'twin-1.csv', bytes: plainFile({ tag: 'twin', to: 3 }) },
  { name: 'twin-2.csv', bytes: plainFile({ tag: 'twin', to: 3 }) },
  { name: 'grown.csv', bytes: plainFile({ tag: 'grown', to: 9 }) },
  { name: 'twin-of-grown.csv', bytes: plainFile({ tag: 'grown', to: 9 }) },
  { name: 'rewritten.csv', bytes: plainFile({ tag: 'new', to: 4 }) },
  { name: 'too-many-fields.csv', bytes: rowOf('a,b,c,d,e,f,g,h') },
  { name: 'broken-quotes.csv', bytes: rowOf('u,view,2024-01-15,"p,n,1.00,s') },
  { name: 'bad-price.csv', bytes: rowOf('u,view,2024-01-15,p,n,0.00,s') },
  { name: 'bad-type.csv', bytes: rowOf('u,gaze,2024-01-15,p,n,1.00,s') },
  { name: 'bad-time.csv', bytes: rowOf('u,view,2024-02-30,p,n,1.00,s') },
  { name: 'too-long.csv', bytes: rowOf(`${'u'.repeat(51)},view,2024-01-15,p,n,1.00,s`) },
  { name: 'nul.csv', bytes: rowOf('u,view,2024-01-15,p,n\0,1.00,s') },
  { name: 'not-utf-8.csv', bytes: Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0x0a])]) },
  { name: 'large.csv', bytes: plainFile({ tag: 'large', to: 900 }) },
  { name: 'deleted.csv', bytes: plainFile({ tag: 'deleted', to: 3 }), meanwhile: (path) => rm(path) },
  {
    name: 'appended-to.csv',
    bytes: plainFile({ tag: 'appended-to', to: 3 }),
    meanwhile: (path) => appendFile(path, plainRows({ tag: 'appended-to', from: 3, to: 5 })),
  },
  {
    name: 'now-a-folder.csv',
    bytes: plainFile({ tag: 'folder', to: 3 }),
    meanwhile: async (path) => {
      await rm(path);
      await mkdir(path);
    },
  },
];

/** Puts files into the queue behind a loader that is held, so that it finds them all there at once, in their order. */
async function loadBehindHold(running: TestService, files: readonly OddFile[], hold: string): Promise<void> {
  const { database, directory } = running;
  const held = await HeldLoads.hold(database);
  writeFileSync(join(directory, hold), plainFile({ tag: hold, to: 1 }));
  await held.untilHeld();
  for (const { name, bytes } of files) {
    writeFileSync(join(directory, name), bytes);
    await eventually(async () => {
      const waiting = (await ledgerRows(database)).filter((row) => row.name === name && row.status === 'queued');
      expect(waiting).toHaveLength(1);
    });
  }
  for (const { name, meanwhile } of files) await meanwhile?.(join(directory, name));
  await held.release();
  await eventually(async () => {
    const open = (await ledgerRows(database)).filter(({ status }) => status === 'queued' || status === 'loading');
    expect(open).toEqual([]);
  });
}

/** Everything that the database says about files, by their names instead of ids and without times and folders. */
async function contents({ database, directory }: TestService) {
  const without = (column: string) => `replace(${column}, '${directory}', '')`;
  const files = await database.query(`
    select f.name, f.status, f.size_bytes, f.sha256, f.rows_read, f.rows_loaded, f.rows_rejected, f.rejects_by_reason,
           f.ignored_columns, f.bytes_committed, f.text_offset, f.committed_line, f.tail_offset, f.tail_line,
           f.attempts, f.failures, f.error_code, ${without('f.error_message')} as error_message,
           twin.name as duplicate_of, earlier.name as follows, split_part(f.fingerprint, ':', 1) as fingerprint_size,
           f.finished_at is not null as is_finished
      from source_files f left join source_files twin on twin.file_id = f.duplicate_of
      left join source_files earlier on earlier.file_id = f.follows
     where f.name not like 'hold%' order by f.name, f.rows_read`);
  const events = await database.query(`
    select f.name, line_number, user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id
      from user_events join source_files f using (file_id) where f.name not like 'hold%'
     order by f.name, line_number, product_name`);
  const rejects = await database.query(`
    select f.name, line_number, reason, column_name, message, raw, raw_truncated
      from rejected_rows join source_files f using (file_id) order by f.name, line_number`);
  return { files, events, rejects };
}

async function loadAll(inPortions: boolean): Promise<TestService> {
  const running = await startTestService({ env: { RESCAN_MS: '60000' } });
  for (const { name, bytes } of BEFORE) {
    writeFileSync(join(running.directory, name), bytes);
    await settledFile(running.database, name);
  }
  if (inPortions) await loadBehindHold(running, ODD, 'hold.csv');
  else for (const [index, file] of ODD.entries()) await loadBehindHold(running, [file], `hold-${index}.csv`);
  return running;
}

it('I1 I2 I3 every kind of odd file ends in a portion as it ends alone', async () => {
  const [together, alone] = await Promise.all([loadAll(true), loadAll(false)]);
  try {
    const loaded = await contents(together);
    expect(loaded).toEqual(await contents(alone));
    expect(loaded.files).toHaveLength(BEFORE.length + ODD.length);
    await expectAccounting(together.database);
    // The test has a point only where plain files have shared a transaction, and every end was met.
    const [shared] = await together.database.query<{ files: number }>(
      'select count(*)::int as files from source_files group by xmin::text order by 1 desc limit 1',
    );
    expect(shared?.files).toBeGreaterThan(15);
    const ends = new Set((await ledgerRows(together.database)).map(({ status }) => status));
    expect(ends).toEqual(new Set(['loaded', 'failed', 'duplicate']));
  } finally {
    await together.close();
    await alone.close();
  }
}, 120_000);
