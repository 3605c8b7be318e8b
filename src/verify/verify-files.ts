import { sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { type Difference, type DifferenceGroup, groupsOf, TOLD_OF_A_KIND } from './difference.ts';
import { FILE_FACTS, fileCounts } from './file-facts.ts';

export interface VerifiedFiles {
  readonly checkedAt: Date;
  readonly files: number;
  readonly events: number;
  readonly rejects: number;
  readonly groups: readonly DifferenceGroup[];
}

type VerifiedRow = {
  checked_at: Date;
  files: number;
  events: number;
  rejects: number;
  what: string | null;
  file_id: string;
  name: string | null;
  detail: string;
  expected: string;
  found: string;
  of_kind: number;
};

/**
 * The accounting of all files, or of one (I1 and I2): what the ledger counts is what `user_events` and `rejected_rows` hold, and no line is
 * there twice. One statement, and so one snapshot.
 */
export async function verifyFiles(connection: Queryable, only?: number): Promise<VerifiedFiles> {
  const { rows } = await connection.execute<VerifiedRow>(sql`
    with ${fileCounts(only)},
    fact as (${FILE_FACTS}),
    difference as (
      select *, count(*) over (partition by what)::float8 as of_kind,
             row_number() over (partition by what order by file_id, detail) as nth
        from fact where expected <> found
    ),
    checked as (
      select now() as checked_at, (select count(*) from file)::float8 as files,
             (select coalesce(sum(rows), 0) from event)::float8 as events,
             (select coalesce(sum(rows), 0) from reason)::float8 as rejects
    )
    select checked.*, difference.*, source_files.name
      from checked
      left join difference on nth <= ${TOLD_OF_A_KIND}
      left join source_files on source_files.file_id = difference.file_id
     order by what, nth`);
  const [first] = rows;
  if (first === undefined) throw new TypeError('a count came back without a row');
  const differences = rows.flatMap(({ what, ...row }) =>
    what === null ? [] : [{ difference: differenceOf(what, row), ofKind: row.of_kind }],
  );
  const { files, events, rejects } = first;
  return { checkedAt: new Date(first.checked_at), files, events, rejects, groups: groupsOf(differences) };
}

function differenceOf(what: string, { file_id, name, detail, expected, found }: Omit<VerifiedRow, 'what'>): Difference {
  const file = name === null ? `file ${file_id}` : `file ${file_id} (${name})`;
  return { what, where: `${file}${detail}`, expected, found };
}
