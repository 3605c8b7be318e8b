import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { type Config, ConfigError } from './config.ts';
import { errorCode } from './error-code.ts';

/**
 * Looks at the folders that the configuration names, before anything is begun.
 * @throws ConfigError naming every folder that can't be used, and why
 */
export async function checkDirectories(config: Pick<Config, 'INPUT_DIR' | 'DATA_DIR' | 'DATABASE_URL'>): Promise<void> {
  const faults: string[] = [];
  const input = await checkDirectory('INPUT_DIR', config.INPUT_DIR, faults);
  if (config.DATABASE_URL === undefined) {
    const data = await checkDirectory('DATA_DIR', config.DATA_DIR, faults);
    // A file put into the one would be taken for a part of the other.
    if (isWithin(data, input))
      faults.push(`DATA_DIR ${config.DATA_DIR} lies in INPUT_DIR ${config.INPUT_DIR}: keep them apart`);
    else if (isWithin(input, data))
      faults.push(`INPUT_DIR ${config.INPUT_DIR} lies in DATA_DIR ${config.DATA_DIR}: keep them apart`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
}

/** Resolves to the real path, of the folder itself or of what there is of the way to it. */
async function checkDirectory(name: string, given: string, faults: string[]): Promise<string> {
  const path = resolve(given);
  for (let existing = path; ; existing = dirname(existing)) {
    try {
      const real = await realpath(existing);
      if (!(await stat(real)).isDirectory()) faults.push(`${name} ${given} can't be used: ${existing} is not a folder`);
      else await access(real, constants.R_OK | constants.W_OK | constants.X_OK);
      return real + path.slice(existing.length);
    } catch (error) {
      const isMissing = errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
      if (isMissing && existing !== dirname(existing)) continue;
      faults.push(`${name} ${given} can't be used: this process may not write to ${existing} (${errorCode(error)})`);
      return path;
    }
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory + sep);
}
