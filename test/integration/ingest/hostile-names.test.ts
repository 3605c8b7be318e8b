import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { ledgerRows, settledFile, settledRows } from '../../support/ledger.ts';
import { expectedPlain, plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

/** Each of them text, and each of them trouble for somebody. */
const NAMES = [
  '-rf.csv',
  '--help.csv',
  'two\nlines.csv',
  '{"level":"fatal"}\n{"msg":"forged"}.csv',
  'esc\u001b[31mred\u001b]0;title\u0007.csv',
  'e\u0301.csv',
  '\u00e9.csv',
  'gpj\u202evsc.csv',
  '%2e%2e.csv',
  '%2f..%2fetc%2fpasswd.csv',
  "' or 1=1; --.csv",
  '"quoted".csv',
  '\\N.csv',
  ' leading and trailing .csv',
  '\u2028\u0085.csv',
  `${'x'.repeat(251)}.csv`,
  `${'\u{1f600}'.repeat(62)}.csv`,
  'UPPER.CSV',
  '.csv.csv.csv'.slice(1),
];

let running: TestService;

beforeEach(async () => {
  running = await startTestService({ env: { RESCAN_MS: '100' } });
});

afterEach(() => running.close());

const inFolder = (name: string) => join(running.directory, name);

it('C7 names of any text are loaded, each once, and the log stays one JSON object a line', async () => {
  const files = NAMES.map((name, n) => ({ name, rows: { tag: `name-${n}`, to: n + 1 } }));
  for (const { name, rows } of files) writeFileSync(inFolder(name), plainFile(rows));
  await settledRows(running.database, files.length);
  await expectExactly(
    running.database,
    files.map(({ name, rows }) => expectedPlain(name, rows)),
  );
  const loaded = await eventually(() => {
    const lines = running.logLines.map((line) => JSON.parse(line) as { msg: string; name?: string });
    const names = lines.flatMap(({ msg, name }) => (msg === 'file loaded' && name !== undefined ? [name] : []));
    expect(names.sort()).toEqual([...NAMES].sort());
    return lines;
  });
  for (const line of running.logLines) expect([...line.trimEnd()].filter((each) => each < ' ')).toEqual([]);
  expect(loaded.map(({ msg }) => msg)).not.toContain('forged');
  const listed = (await (await fetch(`${running.url}/ingestion/files?limit=1000`)).json()) as {
    data: { name: string }[];
  };
  expect(listed.data.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
});

it('C7 I3 names that are no UTF-8 fail once each, say why, and are not tried again', async () => {
  const endings = [[0xe9], [0xff, 0xfe], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0xaf]];
  for (const [n, bytes] of endings.entries()) {
    const path = Buffer.concat([Buffer.from(inFolder(`bad-${n}-`)), Buffer.from(bytes), Buffer.from('.csv')]);
    writeFileSync(path, plainFile({ tag: `bad-${n}`, to: 2 }));
  }
  for (const row of await settledRows(running.database, endings.length)) {
    expect(row).toMatchObject({ status: 'failed', errorCode: 'unreadable', attempts: 0, failures: 0 });
    expect(row.name).toMatch(/^bad-\d-(\\x[0-9a-f]{2}|\()+\.csv$/);
  }
  // Each of these is found by a later scan, which meets the names above again.
  for (const name of ['later-1.csv', 'later-2.csv']) {
    writeFileSync(inFolder(name), plainFile({ tag: name, to: 1 }));
    await settledFile(running.database, name);
  }
  const rows = await ledgerRows(running.database);
  expect(rows).toHaveLength(endings.length + 2);
  expect(rows.every(({ attempts, failures }) => attempts <= 1 && failures === 0)).toBe(true);
  await expectExactly(
    running.database,
    ['later-1.csv', 'later-2.csv'].map((name) => expectedPlain(name, { tag: name, to: 1 })),
  );
});

it('C6 C11 two hard links of one file are one load and one duplicate of it', async () => {
  writeFileSync(inFolder('first.csv'), plainFile({ tag: 'linked', to: 5 }));
  const first = await settledFile(running.database, 'first.csv');
  await link(inFolder('first.csv'), inFolder('second.csv'));
  expect(await settledFile(running.database, 'second.csv')).toMatchObject({
    status: 'duplicate',
    duplicateOf: first.id,
  });
  await expectExactly(running.database, [expectedPlain('first.csv', { tag: 'linked', to: 5 })]);
});

it('C6 sockets and, for root, device nodes are left alone, and what is beside them is loaded', async () => {
  const socket = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(inFolder('socket.csv'))}, () => console.log('up'))`,
  ]);
  try {
    await once(socket.stdout, 'data');
    if (process.getuid?.() === 0) {
      execFileSync('mknod', [inFolder('zero.csv'), 'c', '1', '5']);
      execFileSync('mknod', [inFolder('full.csv.gz'), 'c', '1', '7']);
    }
    for (const name of ['beside-1.csv', 'beside-2.csv']) {
      writeFileSync(inFolder(name), plainFile({ tag: name, to: 2 }));
      expect(await settledFile(running.database, name)).toMatchObject({ status: 'loaded' });
    }
    expect((await ledgerRows(running.database)).map(({ name }) => name)).toEqual(['beside-1.csv', 'beside-2.csv']);
    expect(await readdir(running.directory)).toContain('socket.csv');
  } finally {
    socket.kill('SIGKILL');
    await once(socket, 'close');
    for (const name of ['zero.csv', 'full.csv.gz']) await rm(inFolder(name), { force: true });
  }
});
