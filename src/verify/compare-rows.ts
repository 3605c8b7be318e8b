import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { type Difference, type DifferenceGroup, groupsOf, TOLD_OF_A_KIND } from './difference.ts';

/** Two queries that must have the same rows. `key` is unique in what is expected; money comes as text, since 1.5 is not 1.50. */
export interface Comparison {
  readonly what: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** what the events say */
  readonly expected: SQL;
  /** what is there; of a row that is there twice, the second one would be seen by a column that counts */
  readonly found: SQL;
}

type Row = Readonly<Record<string, unknown>>;
type DifferingRow = { expected: Row | null; found: Row | null; of_kind: number };

/** The rows in which the two sides differ, or that one of them lacks. */
export async function compareRows(connection: Queryable, comparison: Comparison): Promise<DifferenceGroup[]> {
  const { what, key, columns, expected, found } = comparison;
  const both = (names: readonly string[], of: (name: SQL) => SQL) =>
    names.map((name) => of(sql`${sql.identifier(name)}`));
  const rowOf = (side: SQL, names: readonly string[]) =>
    sql`row(${sql.join(
      both(names, (name) => sql`${side}.${name}`),
      sql`, `,
    )})`;
  const keyed = both(key, (name) => sql`expected.${name} = found.${name}`);
  const order = both(key, (name) => sql`coalesce(expected.${name}, found.${name})`);
  // The rows become JSON when it is known which are told: there may be millions.
  const { rows } = await connection.execute<DifferingRow>(sql`
    with expected as (${expected}), found as (${found}),
    difference as (
      select expected, found, count(*) over ()::float8 as of_kind
        from expected full join found on ${sql.join(keyed, sql` and `)}
       where ${rowOf(sql`expected`, [...key, ...columns])} is distinct from ${rowOf(sql`found`, [...key, ...columns])}
       order by ${sql.join(order, sql`, `)}
       limit ${TOLD_OF_A_KIND}
    )
    select to_jsonb(expected) as expected, to_jsonb(found) as found, of_kind from difference`);
  return groupsOf(
    rows.map((row) => ({ difference: differenceOf(what, { key, columns, ...row }), ofKind: row.of_kind })),
  );
}

function differenceOf(
  what: string,
  row: Pick<Comparison, 'key' | 'columns'> & Pick<DifferingRow, 'expected' | 'found'>,
): Difference {
  const { key, expected, found } = row;
  const some = expected ?? found ?? {};
  const differing = row.columns.filter((name) => expected?.[name] !== found?.[name]);
  const told = (side: Row | null) =>
    side === null ? 'no row' : differing.map((name) => `${name} ${side[name]}`).join(', ');
  return {
    what,
    where: key.map((name) => `${name} ${some[name]}`).join(', '),
    expected: told(expected),
    found: told(found),
  };
}
