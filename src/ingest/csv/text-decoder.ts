import { FileError } from '../file-error.ts';
import { Utf16Decoder } from './utf16-decoder.ts';

/** Turns the chunks of a text into UTF-8, byte order mark and all. */
export interface ChunkDecoder {
  decode(chunk: Buffer): Buffer;
  /** What is left when the text has ended. */
  end(): Buffer;
}

export const LONGEST_BOM_BYTES = 4;

export const TEXT_ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be'] as const;

export type TextEncoding = (typeof TEXT_ENCODINGS)[number];

const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_LE_BOM = Buffer.from([0xff, 0xfe]);
const UTF16_BE_BOM = Buffer.from([0xfe, 0xff]);
const UTF32_LE_BOM = Buffer.from([0xff, 0xfe, 0, 0]);
const UTF32_BE_BOM = Buffer.from([0, 0, 0xfe, 0xff]);

/**
 * How a text is encoded that begins with `head`, by its byte order mark (Unicode Standard, table 23-6).
 * @throws FileError `unsupported_encoding` for UTF-32
 */
export function encodingOf(head: Buffer): TextEncoding {
  // Before UTF-16, whose mark the one of UTF-32LE begins with.
  if (beginsWith(head, UTF32_LE_BOM) || beginsWith(head, UTF32_BE_BOM)) {
    throw new FileError('unsupported_encoding', 'the file is UTF-32; write it as UTF-8');
  }
  if (beginsWith(head, UTF16_LE_BOM)) return 'utf-16le';
  return beginsWith(head, UTF16_BE_BOM) ? 'utf-16be' : 'utf-8';
}

/**
 * The decoder for a text that begins with `head`.
 * @throws FileError `unsupported_encoding` for UTF-32
 */
export function textDecoderFor(head: Buffer): ChunkDecoder {
  const encoding = encodingOf(head);
  switch (encoding) {
    case 'utf-16le':
      return new Utf16Decoder('little-endian');
    case 'utf-16be':
      return new Utf16Decoder('big-endian');
    case 'utf-8':
      return new Utf8Decoder(beginsWith(head, UTF8_BOM) ? UTF8_BOM.length : 0);
  }
}

function beginsWith(head: Buffer, mark: Buffer): boolean {
  return head.subarray(0, mark.length).equals(mark);
}

/** Lets the bytes pass, less the byte order mark that the first chunk begins with. */
class Utf8Decoder implements ChunkDecoder {
  #skip: number;

  constructor(bomBytes: number) {
    this.#skip = bomBytes;
  }

  decode(chunk: Buffer): Buffer {
    const text = this.#skip === 0 ? chunk : chunk.subarray(this.#skip);
    this.#skip = 0;
    return text;
  }

  end(): Buffer {
    return Buffer.alloc(0);
  }
}
