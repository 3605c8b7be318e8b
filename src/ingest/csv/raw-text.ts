import { cleanTextEnd, isCleanText, utf8SequenceLength } from './utf8.ts';

/** The most that the ledger keeps of one rejected row, in bytes of UTF-8. */
export const RAW_TEXT_BYTES = 4096;

/** Bytes as text that PostgreSQL can store; `truncated` when there was more than {@link RAW_TEXT_BYTES} hold. */
export interface RawText {
  text: string;
  truncated: boolean;
}

/**
 * Any bytes as text for the ledger, at most {@link RAW_TEXT_BYTES} bytes of UTF-8, cut between characters. A NUL and each
 * byte that is not UTF-8 is written `\xHH`, so that what stood in the file can still be told; U+FFFD is never put in its
 * place.
 */
export function rawText(bytes: Buffer): RawText {
  if (bytes.length <= RAW_TEXT_BYTES && isCleanText(bytes)) return { text: bytes.toString('utf8'), truncated: false };

  let text = '';
  let room = RAW_TEXT_BYTES;
  let at = 0;
  while (at < bytes.length) {
    const runEnd = cleanTextEnd(bytes, at, Math.min(bytes.length, at + room));
    if (runEnd > at) {
      text += bytes.toString('utf8', at, runEnd);
      room -= runEnd - at;
      at = runEnd;
      continue;
    }
    const escaped = escapedByte(bytes, at);
    if (escaped === undefined || escaped.length > room) return { text, truncated: true };
    text += escaped;
    room -= escaped.length;
    at++;
  }
  return { text, truncated: false };
}

/** The escape for the byte at `at`; none where a character begins that is whole but did not fit. */
function escapedByte(bytes: Buffer, at: number): string | undefined {
  const code = bytes[at] ?? 0;
  if (code !== 0 && utf8SequenceLength(bytes, at, bytes.length) > 0) return undefined;
  return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
