import { basename, dirname, join } from 'node:path';
import type { FolderLook, IgnoreRule } from '../../ingest/explain/folder-look.ts';
import { ARCHIVE } from '../../ingest/sources/after-load.ts';
import { ruleAgainstName } from '../../ingest/sources/file-name.ts';
import { plainText } from '../../plain-text.ts';
import { duration } from './counted.ts';

/** The settings of the folder that an explanation names; milliseconds. */
export interface FolderSettings {
  readonly directory: string;
  readonly settleMs: number;
  readonly rescanMs: number;
}

/** Why an entry is left alone, and what to do about it; to be read behind its name. */
export function wordsOfRule(rule: IgnoreRule): string {
  switch (rule) {
    case 'dotfile':
      return 'its name begins with a dot, so it counts as hidden; rename it';
    case 'tmp':
      return 'its name ends in .tmp, so it counts as being written; rename it when it is complete';
    case 'part':
      return 'its name ends in .part, so it counts as being written; rename it when it is complete';
    case 'backup':
      return "its name ends in ~, so it counts as an editor's backup; rename it";
    case 'extension':
      return 'its name does not end in .csv or .csv.gz; rename it';
    case 'symbolic_link':
      return 'it is a symbolic link, and those are not followed; put the file itself into the folder';
    case 'directory':
      return 'it is a folder, and those are not looked into; put its files directly into the watched folder';
    case 'not_a_regular_file':
      return 'it is a pipe, socket or device and not a regular file; write to a file instead';
  }
}

/** How long until a file of the folder that the ledger does not know yet is registered. */
export function wordsOfArrival(unchangedMs: number, { settleMs, rescanMs }: FolderSettings): string {
  if (unchangedMs >= settleMs)
    return `is complete, and the next scan of the folder, within ${duration(rescanMs)}, registers it`;
  return `is still being written: it has been unchanged for ${duration(unchangedMs)}, and counts as complete after ${duration(settleMs)} (SETTLE_MS); wait until its writer has finished`;
}

/** What to say of a file of which nothing is in the ledger. */
export function explainUnknown(
  file: { readonly path: string; readonly name: string; readonly nearNames: readonly string[] },
  look: Exclude<FolderLook, { kind: 'unseen' }>,
  settings: FolderSettings,
): string {
  const { directory } = settings;
  const name = plainText(file.name);
  switch (look.kind) {
    case 'ignored':
      return `${name} is left alone: ${wordsOfRule(look.rule)}.`;
    case 'file':
      return `${name} ${wordsOfArrival(look.unchangedMs, settings)}.`;
    case 'elsewhere':
      return explainOutside(file.path, directory);
    case 'absent':
      return [
        `${name} has never been seen: it is neither in ${plainText(directory)} nor among the files loaded before.`,
        `${didYouMean(file.nearNames)}Put it into that folder, or upload it (POST /uploads)${explainBadName(file.name)}`,
      ].join(' ');
  }
}

function explainOutside(path: string, directory: string): string {
  const folder = plainText(directory);
  const file = plainText(path);
  if (path === directory) return `${file} is the watched folder itself; ask about a file in it.`;
  if (path.startsWith(join(directory, ARCHIVE, '/')))
    return `${file} lies in the archive of ${folder}, where files are put after they were loaded (AFTER_LOAD=archive), so it is probably loaded: ask about it by the name that it had in the folder.`;
  const where = path.startsWith(join(directory, '/'))
    ? `lies in the folder ${plainText(basename(dirname(path)))} below ${folder}, and folders in it are not looked into`
    : `does not lie in the watched folder ${folder}, and nothing else is looked at`;
  return `${file} ${where}; no command has loaded it either. Put it directly into that folder, or load it with npm run load -- FILE.`;
}

function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : `Did you mean ${names.map(plainText).join(' or ')}? `;
}

/** What else would keep a file of this name from being loaded. */
function explainBadName(name: string): string {
  const rule = ruleAgainstName(name);
  return rule === undefined ? '.' : `. In the folder it would be left alone as it is called: ${wordsOfRule(rule)}.`;
}
