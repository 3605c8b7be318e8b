import { Type } from '@sinclair/typebox';
import type { VerifiedFiles } from '../../verify/verify-files.ts';
import { CLEAN_CHECK } from './examples.ts';
import { counted, FileId, Instant } from './shared.ts';

export const FileCheckSchema = Type.Object(
  {
    fileId: FileId,
    ok: Type.Boolean({ description: 'whether there is no difference' }),
    events: counted('its rows in `user_events`'),
    rejects: counted('its rows in `rejected_rows`'),
    differenceCount: counted('how many differences there are'),
    differences: Type.Array(
      Type.Object({
        what: Type.String({ description: 'what was compared, for people' }),
        where: Type.String({ description: 'the file, and the line or the reason that it is about' }),
        expected: Type.Integer(),
        found: Type.Integer(),
      }),
      { description: 'the first 20 of each kind' },
    ),
    checkedAt: Type.String({ ...Instant, description: 'the moment of which all of this is; ISO 8601, UTC' }),
  },
  {
    $id: 'FileCheck',
    description: 'Whether what the ledger says of a file is what the tables hold.',
    examples: [CLEAN_CHECK],
  },
);

export function toFileCheckReply(fileId: number, { events, rejects, groups, checkedAt }: VerifiedFiles) {
  const differenceCount = groups.reduce((sum, { count }) => sum + count, 0);
  return {
    fileId,
    ok: differenceCount === 0,
    events,
    rejects,
    differenceCount,
    differences: groups.flatMap(({ first }) =>
      first.map(({ what, where, expected, found }) => ({
        what,
        where,
        expected: Number(expected),
        found: Number(found),
      })),
    ),
    checkedAt: checkedAt.toISOString(),
  };
}
