import type { Header } from '../csv/header.ts';
import type { CsvRecord } from '../csv/record-reader.ts';
import type { Corrections, KnownReject, Refusal } from './corrections.ts';
import { unmarkedRecord } from './unmarked-record.ts';

/** A row of a file of corrected rejects, as it is to be encoded. */
export interface CorrectionRow {
  readonly record: CsvRecord;
  readonly corrected: KnownReject | undefined;
  readonly refusal: Refusal | undefined;
}

/** Reads the rows of a file of corrected rejects. */
export class CorrectionRows {
  readonly #corrections: Corrections | undefined;
  readonly #header: Header;

  /** `corrections` is undefined where nothing is loaded: then the marks are taken off, and that is all. */
  constructor(corrections: Corrections | undefined, header: Header) {
    this.#corrections = corrections;
    this.#header = header;
  }

  read(marked: CsvRecord): CorrectionRow {
    const record = unmarkedRecord(marked);
    const corrected = this.#corrections?.rejectOf(record, this.#header);
    const refusal = corrected && this.#corrections?.refusalOf(corrected, record, this.#header);
    return { record, corrected, refusal };
  }

  ofBroken(raw: string): KnownReject | undefined {
    return this.#corrections?.rejectOfBroken(raw, this.#header);
  }

  loaded(corrected: KnownReject): void {
    this.#corrections?.loaded(corrected);
  }

  rejected(corrected: KnownReject): void {
    this.#corrections?.rejected(corrected);
  }
}
