import { Type } from '@sinclair/typebox';
import type { RejectCluster } from '../../analytics/reject-clusters.ts';
import { PRICELESS_ROWS } from './examples.ts';
import { FileId, nullable } from './shared.ts';

const NamedFile = Type.Object({ fileId: FileId, name: Type.String() });

export const RejectClusterSchema = Type.Object(
  {
    reason: Type.String({ description: 'as of a Reject' }),
    column: nullable(Type.String(), { description: 'null where the row as a whole is broken' }),
    shape: nullable(Type.String(), {
      description:
        'what the offending value looks like: `A+` for capital letters, `a+` for others, `9+` for digits, however many stand in a row; null where there is no value',
    }),
    rows: Type.Integer({ minimum: 1, description: 'how many there are, of all files' }),
    corrected: Type.Integer({ minimum: 0, description: 'how many of them have come back corrected' }),
    sample: Type.Object(
      {
        fileId: FileId,
        lineNumber: Type.Integer({ minimum: 1 }),
        message: Type.String(),
        raw: Type.String({ description: 'the record as it stands in the file, at most 4 KiB' }),
        rawTruncated: Type.Boolean(),
      },
      { description: 'the first of them' },
    ),
    firstFile: Type.Object(NamedFile.properties, { description: 'the first file with such a row' }),
    lastFile: Type.Object(NamedFile.properties, { description: 'the latest file with such a row' }),
  },
  {
    $id: 'RejectCluster',
    description: 'Rejected rows that are alike in reason, column and shape of the value.',
    examples: [PRICELESS_ROWS],
  },
);

export function toClusterReply(cluster: RejectCluster) {
  const { reason, column, shape, rows, corrected, sample, firstFileName, lastFileId, lastFileName } = cluster;
  const { fileId, lineNumber, message, raw, rawTruncated } = sample;
  return {
    reason,
    column,
    shape,
    rows,
    corrected,
    sample: { fileId, lineNumber, message, raw, rawTruncated },
    firstFile: { fileId, name: firstFileName },
    lastFile: { fileId: lastFileId, name: lastFileName },
  };
}
