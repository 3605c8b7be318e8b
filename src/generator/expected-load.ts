import { basename } from 'node:path';
import type { WrittenFile } from './write-event-file.ts';

/**
 * What has to come of a file, as JSON. Counts are named as in the API's `File`, so that the two can be compared as they are;
 * one reject a line, so that a change of a sample reads well in a diff.
 */
export function describeExpectedLoad(file: WrittenFile): string {
  return `${expectedLoadJson(file, '')}\n`;
}

/** The same for several files, keyed by file name. */
export function describeExpectedLoads(files: readonly WrittenFile[]): string {
  const entries = files.map((file) => `  ${JSON.stringify(basename(file.path))}: ${expectedLoadJson(file, '  ')}`);
  return `{\n${entries.join(',\n')}\n}\n`;
}

function expectedLoadJson(file: WrittenFile, indent: string): string {
  const fields: Record<string, unknown> = {
    name: basename(file.path),
    rowsRead: file.rows,
    rowsLoaded: file.expectedLoaded,
    rowsRejected: file.expectedRejected,
    rejectsByReason: file.expectedRejectsByReason,
  };
  const lines = Object.entries(fields).map(
    ([key, value]) => `${indent}  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const rejects = file.expectedRejects.map((reject) => `${indent}    ${JSON.stringify(reject)}`);
  const list = rejects.length === 0 ? '[]' : `[\n${rejects.join(',\n')}\n${indent}  ]`;
  return `{\n${[...lines, `${indent}  "rejects": ${list}`].join(',\n')}\n${indent}}`;
}
