// An installed Chromium: the tests and the script that makes the screenshots drive it.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** Debian's name first, then Ubuntu's, then what Google's package and CI machines have. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const LAUNCHED_WITHIN_MS = 60_000;

export function chromiumPath(env = process.env) {
  const named = env.CHROMIUM;
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new Error(`CHROMIUM is ${named}, which can't be run`);
  }
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const path = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (path !== undefined) return path;
  throw new Error(
    'no Chromium is installed, and the dashboard needs to be seen in a real one: apt-get install chromium, or name one in CHROMIUM',
  );
}

export async function launchChromium() {
  return await chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    timeout: LAUNCHED_WITHIN_MS,
    args: [
      // As root it refuses to start with its sandbox; the pages are our own.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      // In a container /dev/shm may have no more than 64 MB, and a page that finds it full dies.
      '--disable-dev-shm-usage',
      '--disable-gpu',
    ],
  });
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
