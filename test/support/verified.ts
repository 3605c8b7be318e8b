import { drizzle } from 'drizzle-orm/node-postgres';
import type { DifferenceGroup } from '../../src/verify/difference.ts';
import { verifyDatabase } from '../../src/verify/verify-database.ts';
import { type TestDatabase, withClient } from './postgres.ts';

/** What the product's own check has found, a line each; unlike `recomputed-views.ts` it is what is tested. */
export async function verified(database: Pick<TestDatabase, 'connectionString'>): Promise<string[]> {
  return await withClient(database.connectionString, async (client) => {
    const { files, views } = await verifyDatabase(drizzle(client), () => {});
    return linesOf([...files.groups, ...views.groups]);
  });
}

export function linesOf(groups: readonly DifferenceGroup[]): string[] {
  return groups.flatMap(({ first }) =>
    first.map(({ what, where, expected, found }) => `${what} | ${where} | ${expected} | ${found}`),
  );
}
