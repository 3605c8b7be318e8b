import type { RecordScanner, ScanOutcome } from './record-scanner.ts';
import { cleanTextEnd, hexByte } from './utf8.ts';

/** Why a stretch of the file is no record: the part of the reject reasons that this layer finds. */
export type StructureReason = 'column_count_mismatch' | 'malformed_quotes' | 'invalid_encoding' | 'record_too_long';

export interface StructureFault {
  reason: StructureReason;
  message: string;
}

/** A fault whose name depends on where the span ends: behind the first `limitBytes` it is another one. */
export interface SpanFault extends StructureFault {
  beyondLimit?: StructureFault & { limitBytes: number };
}

/** What kept the scan from completing a record; only these outcomes open a span. */
export type BrokenOutcome = Exclude<ScanOutcome, 'complete' | 'need_more'>;

export function quoteFault(
  outcome: BrokenOutcome,
  fieldNumber: number,
  lineNumber: number,
  maxRecordBytes: number,
): SpanFault {
  switch (outcome) {
    case 'stray_quote':
      return malformed(`field ${fieldNumber} holds a quote but does not begin with one (line ${lineNumber})`);
    case 'text_after_quote':
      return malformed(`text follows the closing quote of field ${fieldNumber} (line ${lineNumber})`);
    case 'unclosed_quote':
    case 'open_at_line_end':
      return malformed(`the quote that opens field ${fieldNumber} is never closed`);
    case 'too_long':
      return tooLong(maxRecordBytes);
    case 'too_long_open':
      return {
        ...malformed(`the quote that opens field ${fieldNumber} is not closed within ${maxRecordBytes} bytes`),
        beyondLimit: { ...tooLong(maxRecordBytes), limitBytes: maxRecordBytes },
      };
  }
}

export function columnCountFault(found: number, expected: number): StructureFault {
  return { reason: 'column_count_mismatch', message: `${found} fields, the header has ${expected}` };
}

/** Names the first byte of the complete record that is NUL or not UTF-8, and its field. */
export function encodingFault(bytes: Buffer, record: RecordScanner): StructureFault {
  const at = cleanTextEnd(bytes, record.start, record.contentEnd);
  const byte = hexByte(bytes[at] ?? 0);
  const what = bytes[at] === 0 ? `NUL byte (${byte})` : `byte ${byte} is not valid UTF-8`;
  return { reason: 'invalid_encoding', message: `${what} in field ${record.fieldNumberAt(at)}` };
}

function malformed(message: string): StructureFault {
  return { reason: 'malformed_quotes', message };
}

function tooLong(maxRecordBytes: number): StructureFault {
  return { reason: 'record_too_long', message: `the record is longer than ${maxRecordBytes} bytes` };
}
