// As long as the file SLUICE_SPOOL_ERROR_FILE exists, nothing new can be opened in the spool: it fails with the error code
// that stands in that file, such as ENOSPC. For where a test may not mount a file system of its own.
import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const trigger = process.env['SLUICE_SPOOL_ERROR_FILE'] ?? '';

function wantedCode() {
  try {
    return readFileSync(trigger, 'utf8').trim();
  } catch {
    return undefined;
  }
}

const { open } = fs.promises;
fs.promises.open = async (path, ...rest) => {
  const code = String(path).includes('/.uploads/') ? wantedCode() : undefined;
  if (code !== undefined) throw Object.assign(new Error(`${code}: made by a test`), { code });
  return await open(path, ...rest);
};
syncBuiltinESMExports();
