import { FileError } from '../file-error.ts';
import { withHead } from './chunk-head.ts';
import { Gunzip, isGzip } from './gunzip.ts';
import { type ChunkDecoder, encodingOf, LONGEST_BOM_BYTES, type TextEncoding, textDecoderFor } from './text-decoder.ts';

/** What the first bytes of a file say about all of them; undefined until they were read, and where they can't be. */
export interface TextFormat {
  isPacked: boolean | undefined;
  encoding: TextEncoding | undefined;
}

/**
 * The bytes of a file as UTF-8 text without a byte order mark: gzip, known by its first two bytes, is unpacked, and UTF-16,
 * known by its byte order mark, is transcoded. "Decoded offsets" are positions in this output. Bytes without a byte order
 * mark pass as they are; whether they are UTF-8 is checked record by record.
 *
 * Works chunk by chunk, in memory that depends on the size of a chunk only. Leaving the loop early closes the source.
 *
 * `format` is filled in as soon as it is known.
 * @throws FileError `corrupt_gzip`, also in the middle or at the end, when the source is damaged there; `gzip_bomb`;
 *   `unsupported_encoding` for UTF-32 and for gzip inside gzip. Errors of the source pass unchanged.
 */
export async function* decodedChunks(
  source: AsyncIterable<Buffer>,
  format: TextFormat = { isPacked: undefined, encoding: undefined },
): AsyncGenerator<Buffer> {
  let decoder: ChunkDecoder | undefined;
  for await (const chunk of withHead(unpacked(source, format), LONGEST_BOM_BYTES)) {
    // What is still gzip here was packed twice, as by a client that packs what it sends, whatever it is.
    if (decoder === undefined && isGzip(chunk)) throw packedTwice();
    format.encoding ??= encodingOf(chunk);
    decoder ??= textDecoderFor(chunk);
    const text = decoder.decode(chunk);
    if (text.length > 0) yield text;
  }
  const rest = decoder?.end();
  if (rest !== undefined && rest.length > 0) yield rest;
}

async function* unpacked(source: AsyncIterable<Buffer>, format: TextFormat): AsyncGenerator<Buffer> {
  let gunzip: Gunzip | undefined;
  try {
    for await (const chunk of withHead(source, 2)) {
      format.isPacked ??= isGzip(chunk);
      if (format.isPacked) gunzip ??= new Gunzip();
      if (gunzip === undefined) yield chunk;
      else yield* gunzip.unpack(chunk);
    }
    if (gunzip !== undefined) yield* gunzip.end();
  } finally {
    gunzip?.close();
  }
}

function packedTwice(): FileError {
  return new FileError('unsupported_encoding', 'the file is gzip inside gzip: unpack it once and send it again');
}
