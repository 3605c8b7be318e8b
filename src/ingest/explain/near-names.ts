import { opendir } from 'node:fs/promises';
import { distance } from 'fastest-levenshtein';
import type { Queryable } from '../../database/client.ts';
import { errorCode } from '../../error-code.ts';
import { listRecentNames } from '../ledger/file-versions.ts';

/** Comparing takes time by the number of names and the square of their length. */
const MOST_FOLDER_NAMES = 2000;
const MOST_LEDGER_NAMES = 500;
const LONGEST_COMPARED = 100;
const MOST_SUGGESTED = 3;

/** Names in the folder, or among the last files of the ledger, that may have been meant; at most three, the nearest first. */
export async function findNearNames(database: Queryable, directory: string, asked: string): Promise<string[]> {
  const folderNames = await listFolderNames(directory);
  return nearestNames(asked, [...folderNames, ...(await listRecentNames(database, MOST_LEDGER_NAMES))]);
}

/** None where the folder may be entered but not read, or is away by now: then only the ledger knows names. */
export async function listFolderNames(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(directory)) {
      // What is hidden is not offered: it would not be loaded, and is nobody's business.
      if (!name.startsWith('.')) names.push(name);
      if (names.length >= MOST_FOLDER_NAMES) break;
    }
  } catch (error) {
    // The names are an offer; what is wrong with the folder is told by the scan and by `/health`.
    if (errorCode(error) === '') throw error;
  }
  return names;
}

/** Those of the candidates that differ from a name in its case, its extension or a few letters only. */
export function nearestNames(asked: string, candidates: readonly string[]): string[] {
  const wanted = bare(asked);
  if (wanted.length > LONGEST_COMPARED) return [];
  const most = Math.max(2, Math.floor(wanted.length / 4));
  return [...new Set(candidates)]
    .filter((name) => name !== asked && name.length <= LONGEST_COMPARED)
    .map((name) => ({ name, letters: distance(wanted, bare(name)) }))
    .filter(({ letters }) => letters === 0 || (letters <= most && 2 * letters < wanted.length))
    .sort((a, b) => a.letters - b.letters)
    .slice(0, MOST_SUGGESTED)
    .map(({ name }) => name);
}

function bare(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/\.csv(\.gz)?$/, '');
}
