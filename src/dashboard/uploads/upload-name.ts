/** `.gz` by itself and plain text may well hold events; what is inside is the server's to judge. */
const POSSIBLE = /\.(?:csv|tsv|tab|txt|gz)$/i;
/** An ending of digits alone, as in `events.2026`, is a part of the name. */
const ENDING = /\.(?=[^.]*[a-z])[a-z0-9]{1,8}$/i;
const SPREADSHEET = /\.(?:xlsx?|ods|numbers)$/i;

/** Why a file need not even be sent, going by its name; undefined where it may hold events. */
export function refusalOfName(name: string): string | undefined {
  const ending = ENDING.exec(name)?.[0];
  if (ending === undefined || POSSIBLE.test(name)) return undefined;
  if (SPREADSHEET.test(name)) return `A workbook (${ending}) can't be read. Save it as CSV, and drop that.`;
  return `Not a CSV file, going by its name (${ending}). Sluice takes .csv and .csv.gz.`;
}

/** Of a folder only what the watched folder would take too; the rest of it was hardly meant. */
export function isTakenFromFolder(name: string): boolean {
  return /\.csv(?:\.gz)?$/i.test(name) && !name.startsWith('.');
}
