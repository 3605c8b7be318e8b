import { type Static, Type } from '@sinclair/typebox';
import { FILE_STATUSES } from '../../database/schema.ts';
import { EXPLAINED_FILE } from './examples.ts';
import { FileSchema } from './file.ts';
import { Count, FileId, Instant, nullable, oneOf, ref } from './shared.ts';

const VERDICTS = [
  'never_seen',
  'outside',
  'ignored',
  'settling',
  'queued',
  'loading',
  'loaded',
  'duplicate',
  'failed',
  'held',
  'reverted',
] as const;

/** Why an entry of the watched folder is left alone. */
const RULES = [
  'dotfile',
  'tmp',
  'part',
  'backup',
  'extension',
  'symbolic_link',
  'directory',
  'not_a_regular_file',
] as const;

export const ExplanationSchema = Type.Object(
  {
    path: Type.String({ description: 'absolute' }),
    name: Type.String({ description: 'its last part' }),
    verdict: oneOf(VERDICTS, {
      description:
        'a state of the ledger, or `ignored`: it is left alone, by `rule`; `settling`: it is being written, or the next scan of the folder ' +
        'will find it; `never_seen`: it is neither in the folder nor in the ledger; `outside`: it does not lie directly in the folder, and the ledger ' +
        'does not know it',
    }),
    explanation: Type.String({ description: 'what is so, where, and what to do; for people' }),
    rule: nullable(oneOf(RULES), { description: 'by which the folder leaves it alone; null where it does not' }),
    queuedBehind: nullable(Count, { description: 'how many files are claimed before it; null where it does not wait' }),
    file: nullable(ref(FileSchema), { description: 'as in the ledger; null where it is not there' }),
    otherVersions: Type.Array(Type.Object({ fileId: FileId, status: oneOf(FILE_STATUSES), discoveredAt: Instant }), {
      description: 'other files of this path or name in the ledger, newest first, at most 10',
    }),
  },
  { $id: 'Explanation', description: 'Why a file is loaded, or not.', examples: [EXPLAINED_FILE] },
);

export type ExplanationReply = Static<typeof ExplanationSchema>;
