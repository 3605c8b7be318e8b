/** Which rejected row is meant. */
export interface RejectAddress {
  readonly fileId: number;
  readonly lineNumber: number;
}

/** The column that makes a file a correction; compared like the names of all columns. */
export const MESSAGE_COLUMN = 'sluice_message';
export const REASON_COLUMN = 'sluice_reason';
/** What begins so in the header of a correction was put there by Sluice, and is no column of the original. */
export const OWN_PREFIX = 'sluice_';

/** Sixteen digits are more than any number that a double holds exactly. */
const ADDRESS = /\(file ([1-9]\d{0,15}), line ([1-9]\d{0,15})\)$/;
/** More than the longest address has. */
const TAIL = 100;

/** The end of a message in rejects as CSV, by which the row is known when it comes back. */
export function addressText({ fileId, lineNumber }: RejectAddress): string {
  return ` (file ${fileId}, line ${lineNumber})`;
}

/** The address at the end of a cell, if there is one; only there, since a message quotes what stood in the file. */
export function readAddress(cell: string): RejectAddress | undefined {
  const found = ADDRESS.exec(cell.slice(-TAIL).trimEnd());
  const fileId = Number(found?.[1]);
  const lineNumber = Number(found?.[2]);
  return Number.isSafeInteger(fileId) && Number.isSafeInteger(lineNumber) ? { fileId, lineNumber } : undefined;
}
