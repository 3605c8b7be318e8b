import { randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';

/** File systems allow no more bytes in a name. */
const MAX_NAME_BYTES = 255;
/** Room for a suffix that tells apart files of the same name. */
const SUFFIX_ROOM = 16;
/** How many of the names to try are counted up, and how many of them are drawn after that. */
const COUNTED_NAMES = 9;
const RANDOM_NAMES = 5;
const EXTENSION = /\.csv(\.gz)?$/i;

/** Names of what is in progress, hidden or a copy, and which is which. */
const LEFT_ALONE = [
  ['dotfile', /^\./],
  ['tmp', /\.tmp$/i],
  ['part', /\.part$/i],
  ['backup', /~$/],
] as const;

/** Why a name is left alone; `extension`: it ends in neither `.csv` nor `.csv.gz`. */
export type NameRule = (typeof LEFT_ALONE)[number][0] | 'extension';

/** The rule by which a file of this name in the watched folder is left alone; undefined where it is to be loaded. */
export function ruleAgainstName(name: string): NameRule | undefined {
  const [rule] = LEFT_ALONE.find(([, pattern]) => pattern.test(name)) ?? [];
  return rule ?? (EXTENSION.test(name) ? undefined : 'extension');
}

/** Whether a file of this name in the watched folder is to be loaded; names of files in progress are left alone. */
export function isSourceName(name: string): boolean {
  return ruleAgainstName(name) === undefined;
}

/** How the folder begins in which a command puts standard input down, among the temporary files of the system. */
export const STDIN_FOLDER = 'sluice-stdin-';

/** Whether a path of the ledger is such a copy, which is gone as soon as its command ends. */
export function isStdinCopy(path: string): boolean {
  return basename(path) === 'stdin' && basename(dirname(path)).startsWith(STDIN_FOLDER);
}

/** Whether the name says that the file is packed; its first bytes have the last word on that. */
export function isPackedName(name: string): boolean {
  return /\.gz$/i.test(name);
}

/**
 * Makes the name that a client gave its upload into one for the watched folder: its last part only, without control
 * characters, not hidden, at most 255 bytes, with an extension that the watcher knows.
 */
export function safeName(given: string): string {
  const last = basename(given.replaceAll('\\', '/'));
  const visible = [...last.normalize('NFC').toWellFormed()]
    .map((character) => (isHarmless(character) ? character : '_'))
    .join('')
    .replace(/^[.\s]+/, '')
    .trim();
  const named = visible === '' ? 'upload.csv' : EXTENSION.test(visible) ? visible : `${visible}.csv`;
  const { stem, extension } = splitName(named);
  return `${cutBytes(stem === '' ? 'upload' : stem, MAX_NAME_BYTES - SUFFIX_ROOM - extension.length)}${extension}`;
}

/**
 * The names to try, one after the other, where earlier ones are taken: `events.csv`, `events-2.csv` … `events-9.csv`,
 * then a few like `events-5f0c91ab.csv`. Counting on would make the thousandth file of a name cost a thousand tries.
 */
export function* namesToTry(name: string): Generator<string, void, void> {
  const { stem, extension } = splitName(name);
  // A name of full length, as a file in the folder may have, makes room for the suffix.
  const room = MAX_NAME_BYTES - SUFFIX_ROOM - extension.length;
  const start = Buffer.byteLength(stem) > room ? cutBytes(stem, room) : stem;
  yield name;
  for (let n = 2; n <= COUNTED_NAMES; n += 1) yield `${start}-${n}${extension}`;
  for (let n = 1; n <= RANDOM_NAMES; n += 1) yield `${start}-${randomBytes(4).toString('hex')}${extension}`;
}

function splitName(name: string): { stem: string; extension: string } {
  const extension = EXTENSION.exec(name)?.[0] ?? '';
  return { stem: name.slice(0, name.length - extension.length), extension };
}

function isHarmless(character: string): boolean {
  // Controls, line separators and bidirectional overrides would forge log lines and listings.
  return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]/u.test(character);
}

function cutBytes(text: string, limit: number): string {
  let bytes = 0;
  let cut = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > limit) break;
    cut += character;
  }
  return cut;
}
