import type { KnownFile } from '../../ingest/explain/find-standing.ts';
import { isStdinCopy } from '../../ingest/sources/file-name.ts';
import { plainText } from '../../plain-text.ts';
import { shellWord } from '../../shell-word.ts';

/** What is typed in place of a path that nobody knows. */
const SOME_FILE = 'FILE';

/** The command that loads a file of the ledger once more, as it can be pasted; nothing may follow it in a sentence. */
export function loadCommand(path: string, options = ''): string {
  // The copy is gone; what was piped into the command has to be piped once more.
  const file = isStdinCopy(path) ? `- < ${SOME_FILE}` : shellWord(plainText(path));
  return `npm run load -- ${options}${file}`;
}

/** How a file of which the rows were taken out is loaded again. */
export function loadAgain(known: KnownFile): string {
  return `To load it again, upload it (POST /uploads) or give the command ${commandFor(known, '')}`;
}

/** How a file that was held and discarded is loaded: as it was, it would only be held again. */
export function loadAllTheSame(known: KnownFile): string {
  const command = commandFor(known, '--max-reject-percent 100 ');
  return `With the same limit it would be held again. To load it all the same, upload it with another one (POST /uploads?maxRejectPercent=100) or give the command ${command}`;
}

function commandFor({ version, isThere }: KnownFile, options: string): string {
  return isThere
    ? loadCommand(version.path, options)
    : `npm run load -- ${options}${SOME_FILE}, from where it is kept now.`;
}
