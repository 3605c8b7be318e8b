import { decodedChunks } from '../csv/decoded-chunks.ts';
import { type Header, parseHeader } from '../csv/header.ts';
import { rawFields } from '../csv/raw-fields.ts';
import type { BrokenSpan, CsvRecord, RecordHandler } from '../csv/record-reader.ts';
import { RecordReader } from '../csv/record-reader.ts';
import { type RejectAddress, readAddress } from '../csv/reject-address.ts';
import { FileError } from '../file-error.ts';
import type { SourceFile } from '../sources/source-file.ts';

/** As many rows as a spreadsheet has. All addresses of a file are in memory while it is loaded. */
const MOST_ADDRESSES = 1_048_576;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads a file for the addresses of the rejects that its rows are meant to correct, in the order of its rows. Undefined where
 * its header does not say that it is a correction, after its first bytes.
 * @throws FileError as `parseHeader` does, and `too_many_corrections`
 */
export async function readAddresses(
  source: SourceFile,
  maxRecordBytes: number,
  onChunk: () => void,
): Promise<RejectAddress[] | undefined> {
  const collected = new AddressCollector();
  let head = Buffer.alloc(0);
  let reader: RecordReader | undefined;
  for await (const chunk of decodedChunks(source.chunks(CHUNK_BYTES))) {
    onChunk();
    if (reader !== undefined) {
      reader.push(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const header = parseHeader(head, false, maxRecordBytes);
    if (header?.messagePosition === -1) return undefined;
    if (header !== undefined) reader = collected.begin(head, header, maxRecordBytes);
  }
  const header = reader === undefined ? parseHeader(head, true, maxRecordBytes) : undefined;
  if (header?.messagePosition === -1) return undefined;
  if (header !== undefined) reader = collected.begin(head, header, maxRecordBytes);
  reader?.end();
  return collected.addresses;
}

class AddressCollector implements RecordHandler {
  readonly addresses: RejectAddress[] = [];
  #header: Header | undefined;

  /** Takes the first bytes of the file, the header among them; answers with the reader of what follows. */
  begin(head: Buffer, header: Header, maxRecordBytes: number): RecordReader {
    this.#header = header;
    const { dialect, fieldCount, endOffset: startOffset, endLine: startLine } = header;
    const reader = new RecordReader({ ...dialect, fieldCount, maxRecordBytes, startOffset, startLine }, this);
    reader.push(head.subarray(startOffset));
    return reader;
  }

  record(record: CsvRecord): void {
    this.#add(readAddress(record.text(this.#header?.messagePosition ?? 0)));
  }

  broken(span: BrokenSpan): void {
    for (const address of addressesOfBroken(span.raw.text, this.#header)) this.#add(address);
  }

  #add(address: RejectAddress | undefined): void {
    if (address === undefined) return;
    if (this.addresses.length === MOST_ADDRESSES) {
      const message = `more than ${MOST_ADDRESSES} rows have the address of a rejected row in sluice_message: split the file`;
      throw new FileError('too_many_corrections', message);
    }
    this.addresses.push(address);
  }
}

/** The addresses in a row that is none: its message may stand in any of its fields, or be one of several. */
export function addressesOfBroken(raw: string, header: Header | undefined): RejectAddress[] {
  const delimiter = String.fromCharCode(header?.dialect.delimiter ?? 0);
  return rawFields(raw, delimiter).flatMap(({ value }) => readAddress(value) ?? []);
}
