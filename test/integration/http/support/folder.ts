import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { ledgerRows } from '../../../support/ledger.ts';
import type { TestService } from '../../../support/service.ts';

/** Names in the watched folder that are to be loaded, and in the spool what is being received. */
export async function namesIn(service: Pick<TestService, 'directory'>): Promise<{ folder: string[]; spool: string[] }> {
  const folder = (await readdir(service.directory)).filter((name) => !name.startsWith('.')).sort();
  const spool = await readdir(join(service.directory, '.uploads')).catch(() => []);
  return { folder, spool };
}

/** Runs what must leave no trace, and sees that folder and ledger are as they were, and the spool empty. */
export async function expectNothingKept<Result>(service: TestService, run: () => Promise<Result>): Promise<Result> {
  const before = { folder: (await namesIn(service)).folder, ledger: (await ledgerRows(service.database)).length };
  const result = await run();
  await eventually(async () => {
    const { folder, spool } = await namesIn(service);
    expect(spool).toEqual([]);
    expect({ folder, ledger: (await ledgerRows(service.database)).length }).toEqual(before);
  });
  return result;
}
