import type { FileErrorCode } from '../../../ingest/file-error.ts';

/** What to do about each way in which a file fails. */
const ADVICE = {
  missing_header: 'It is empty. See what writes it, then deliver it again.',
  missing_columns: 'Give it a first line with the names of all seven columns, then deliver it again.',
  duplicate_columns: 'Name each column once in the first line, then deliver it again.',
  unsupported_encoding: 'Save it as UTF-8, or as UTF-16 with a byte order mark, then deliver it again.',
  corrupt_gzip: 'It was cut or damaged on its way: compress and deliver it again.',
  gzip_bomb: 'It unpacks to far more than it should: deliver it uncompressed if that is meant.',
  unreadable: 'See that the file is still there and that Sluice may read it, then retry.',
  load_failed: 'Sluice tried several times. See what the database says, then retry.',
  too_many_corrections: 'Split it into files of fewer rows, and deliver those.',
  too_many_rejects:
    'Look at the rejected rows below. Release it if it is fine all the same, or discard it and deliver a better one.',
} as const satisfies Record<FileErrorCode | 'too_many_rejects', string>;

export function adviceFor(code: string): string | undefined {
  return Object.hasOwn(ADVICE, code) ? ADVICE[code as keyof typeof ADVICE] : undefined;
}
