/** How a file is written. */
export interface CsvStyle {
  readonly delimiter: string;
  readonly lineEnd: string;
  /** whether the field with this index is quoted also where it need not be */
  readonly isQuoted: (field: number) => boolean;
}

export const PLAIN_STYLE: CsvStyle = { delimiter: ',', lineEnd: '\n', isQuoted: () => false };
export const QUOTED_STYLE: CsvStyle = { ...PLAIN_STYLE, isQuoted: () => true };

/** The values as a record of RFC 4180, without its line end. */
export function csvLine(values: readonly string[], style: CsvStyle): string {
  return values
    .map((value, field) => {
      const isQuoted = style.isQuoted(field) || value.includes(style.delimiter) || /["\r\n]/.test(value);
      return isQuoted ? `"${value.replaceAll('"', '""')}"` : value;
    })
    .join(style.delimiter);
}
