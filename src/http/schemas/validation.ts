import { type Static, Type } from '@sinclair/typebox';
import type { Findings } from '../../ingest/check/findings.ts';
import { CHECK_OUTCOMES, type CheckOutcome } from '../../ingest/check/outcome.ts';
import { TEXT_ENCODINGS } from '../../ingest/csv/text-decoder.ts';
import { CHECKED_FILE } from './examples.ts';
import { Count, FileId, nullable, oneOf } from './shared.ts';

const RejectFoundSchema = Type.Object({
  lineNumber: Type.Integer({ minimum: 1 }),
  reason: Type.String({ description: 'as of a Reject' }),
  column: nullable(Type.String()),
  message: Type.String(),
  raw: Type.String({ description: 'the record as it stands in the file, at most 4 KiB' }),
  rawTruncated: Type.Boolean(),
});

export const ValidationSchema = Type.Object(
  {
    name: Type.String({ description: 'of the part of the form; a bare body is `body.csv`' }),
    outcome: oneOf(CHECK_OUTCOMES, {
      description:
        'what loading these bytes would make of them now, as a new file: where its path comes again and has grown, only the new rows are loaded. ' +
        '`duplicate` with `duplicateOf` null: an earlier file of this form has the same bytes and would be loaded. While the database is away ' +
        'nobody knows whether the bytes are loaded already, and it may be `loaded` where it would be `duplicate`',
    }),
    sizeBytes: Count,
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    encoding: nullable(oneOf(TEXT_ENCODINGS), { description: 'null where it is none that can be read' }),
    gzip: Type.Boolean({ description: 'whether the bytes are packed' }),
    delimiter: nullable(Type.String({ minLength: 1, maxLength: 1 }), {
      description: '`,` `;` tab or `|`; null where there is no header',
    }),
    columns: Type.Array(
      Type.Object({
        column: Type.String(),
        header: nullable(Type.String(), { description: 'the name as the file writes it; null where it is missing' }),
        position: nullable(Type.Integer({ minimum: 1 }), { description: 'of the field in a row, from 1' }),
      }),
      { description: 'every column that is needed, and where it stands' },
    ),
    ignoredColumns: Type.Array(Type.String(), { description: 'columns of the header that would not be loaded' }),
    suggestions: Type.Array(Type.Object({ header: Type.String(), column: Type.String() }), {
      description: '"did you mean": names in the header that probably stand for a missing column',
    }),
    rowsRead: Count,
    rowsLoaded: Type.Integer({
      minimum: 0,
      description:
        'rows that pass every check; rowsRead − rowsRejected. Of a file of corrections loading rejects more, where a row has been corrected before, or was no record and comes back unchanged',
    }),
    rowsRejected: Count,
    rejectsByReason: Type.Record(Type.String(), Count),
    rejects: Type.Array(RejectFoundSchema, {
      description: 'the first 100 of the file, and of all files of a form together the first 1,000',
    }),
    error: nullable(Type.Object({ code: Type.String({ description: 'as of a File' }), message: Type.String() }), {
      description: 'why the file would fail as a whole; then no row is counted',
    }),
    duplicateOf: nullable(FileId, {
      description:
        'the loaded file that holds the same bytes; null also while the database is away, and where they are only those of another file of the form',
    }),
  },
  {
    $id: 'Validation',
    description: 'What loading a file would find. Nothing of it is kept.',
    examples: [CHECKED_FILE],
  },
);

export type ValidationReply = Static<typeof ValidationSchema>;

export function toValidationReply(
  name: string,
  findings: Findings,
  verdict: { readonly outcome: CheckOutcome; readonly duplicateOf: number | null },
): ValidationReply {
  const { sizeBytes, sha256, encoding, isPacked, delimiter, columns, ignoredColumns, suggestions } = findings;
  const { rowsRead, rowsLoaded, rowsRejected, rejectsByReason, rejects, error } = findings;
  return {
    name,
    outcome: verdict.outcome,
    sizeBytes,
    sha256,
    encoding,
    gzip: isPacked,
    delimiter,
    columns: [...columns],
    ignoredColumns: [...ignoredColumns],
    suggestions: [...suggestions],
    rowsRead,
    rowsLoaded,
    rowsRejected,
    rejectsByReason,
    rejects: rejects.map(({ lineNumber, reason, column, message, raw }) => ({
      lineNumber,
      reason,
      column,
      message,
      raw: raw.text,
      rawTruncated: raw.truncated,
    })),
    error,
    duplicateOf: verdict.duplicateOf,
  };
}
