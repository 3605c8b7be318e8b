import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { link, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ledgerRows, settledFile } from '../support/ledger.ts';
import { plainFile } from '../support/plain-events.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { spawnService } from '../support/sluice-process.ts';

const canTrace = process.platform === 'linux' && spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;
const FIFOS = 8;

// -D: the service itself is the child that is killed in the end, and its tracer ends with it.
// On what the process asks the system for, not on what it says of itself.
it.skipIf(!canTrace)(
  'C6 nothing but the regular files of the folder is ever opened, and none of them through a link',
  async () => {
    const database = await createTestDatabase();
    const directory = await createTestDirectory();
    const outside = await createTestDirectory();
    const trace = join(outside, 'trace');
    const inFolder = (name: string) => join(directory, name);
    try {
      writeFileSync(join(outside, 'target.csv'), plainFile({ tag: 'target', to: 5 }));
      await symlink(join(outside, 'target.csv'), inFolder('link.csv'));
      await symlink('/etc/passwd', inFolder('passwd.csv'));
      await symlink(inFolder('loop.csv'), inFolder('loop.csv'));
      await symlink(outside, inFolder('link-to-folder.csv'));
      await mkdir(inFolder('folder.csv'));
      writeFileSync(inFolder('folder.csv/inner.csv'), plainFile({ tag: 'inner', to: 5 }));
      for (let n = 0; n < FIFOS; n += 1) execFileSync('mkfifo', [inFolder(`fifo-${n}.csv`)]);
      writeFileSync(inFolder('regular.csv'), plainFile({ tag: 'regular', to: 5 }));
      await link(inFolder('regular.csv'), inFolder('hard-link.csv'));

      const service = spawnService({
        databaseUrl: database.connectionString,
        inputDirectory: directory,
        env: { RESCAN_MS: '200' },
        wrapper: ['strace', '-D', '-f', '-qq', '-s', '4096', '-e', 'trace=open,openat,openat2', '-o', trace],
      });
      await service.ready();
      const first = await settledFile(database, 'regular.csv');
      const second = await settledFile(database, 'hard-link.csv');
      expect([first.status, second.status].sort()).toEqual(['duplicate', 'loaded']);
      // Found by a later scan, and by events.
      writeFileSync(inFolder('later.csv'), plainFile({ tag: 'later', to: 5 }));
      await settledFile(database, 'later.csv');
      expect(await ledgerRows(database)).toHaveLength(3);

      const opened = (await readFile(trace, 'utf8')).split('\n').filter((line) => /\bopen(at2?)?\(/.test(line));
      const ofFolder = opened.filter((line) => line.includes(directory) || line.includes(outside));
      const files = ofFolder.filter((line) => !line.includes('O_DIRECTORY'));
      const names = new Set(files.map((line) => /"([^"]*)"/.exec(line)?.[1]));
      expect([...names].sort()).toEqual(['hard-link.csv', 'later.csv', 'regular.csv'].map(inFolder));
      for (const line of files) {
        expect(line).toContain('O_RDONLY');
        expect(line).toContain('O_NOFOLLOW');
        expect(line).toContain('O_NONBLOCK');
      }
      expect(ofFolder.filter((line) => line.includes(outside))).toEqual([]);
    } finally {
      await database.drop();
      for (const path of [directory, outside]) await rm(path, { recursive: true, force: true });
    }
  },
  60_000,
);
