import { type Header, parseHeader } from '../csv/header.ts';
import { type RecordHandler, RecordReader } from '../csv/record-reader.ts';
import { type Beginning, ResumePoint, type StartPosition } from './resume-point.ts';

export interface BodyReaderOptions {
  readonly maxRecordBytes: number;
  /** where an earlier load of the same bytes stopped; undefined: behind the header */
  readonly start: StartPosition | undefined;
  /** called once, when the first row can be told; answers with what takes the records */
  readonly begin: (header: Header, beginning: Beginning) => RecordHandler;
}

/** Takes the decoded chunks of a file: its header first, then, behind what is loaded already, its records. */
export class BodyReader {
  readonly #options: BodyReaderOptions;
  #headerBytes: Buffer = Buffer.alloc(0);
  #header: Header | undefined;
  #resumePoint: ResumePoint | undefined;
  #reader: RecordReader | undefined;

  /** known when the first row can be told */
  get body(): { readonly header: Header; readonly reader: RecordReader } | undefined {
    const header = this.#header;
    const reader = this.#reader;
    return header === undefined || reader === undefined ? undefined : { header, reader };
  }

  constructor(options: BodyReaderOptions) {
    this.#options = options;
  }

  /** @throws FileError for a header without which no row can be told */
  take(chunk: Buffer): void {
    if (this.#reader !== undefined) {
      this.#reader.push(chunk);
    } else if (this.#resumePoint !== undefined) {
      this.#begin(this.#resumePoint.take(chunk));
    } else {
      this.#headerBytes = Buffer.concat([this.#headerBytes, chunk]);
      this.#takeHeader(false);
    }
  }

  /** The file ends here. @throws FileError as `take` does */
  end(): void {
    if (this.#header === undefined) this.#takeHeader(true);
    if (this.#reader === undefined) this.#begin(this.#resumePoint?.end());
    this.#reader?.end();
  }

  #takeHeader(atEnd: boolean): void {
    const header = parseHeader(this.#headerBytes, atEnd, this.#options.maxRecordBytes);
    if (header === undefined) return;
    this.#header = header;
    const { start } = this.#options;
    const behindHeader = { offset: header.endOffset, line: header.endLine };
    // A header that has grown since, by a column that it did not need, may reach beyond where it ended then.
    this.#resumePoint = new ResumePoint(start !== undefined && start.offset > header.endOffset ? start : behindHeader);
    this.#begin(this.#resumePoint.take(this.#headerBytes));
    this.#headerBytes = Buffer.alloc(0);
  }

  #begin(beginning: Beginning | undefined): void {
    if (beginning === undefined || this.#header === undefined) return;
    const { delimiter } = this.#header.dialect;
    this.#reader = new RecordReader(
      {
        delimiter,
        fieldCount: this.#header.fieldCount,
        maxRecordBytes: this.#options.maxRecordBytes,
        startOffset: beginning.from.offset,
        startLine: beginning.from.line,
      },
      this.#options.begin(this.#header, beginning),
    );
    this.#reader.push(beginning.bytes);
  }
}
