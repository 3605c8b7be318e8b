// `npm run screenshots`: the pictures of the README, taken of the service as it is now, with generated data, in a real Chromium.
// A machine may draw letters a little differently than another: pictures are made anew when a page has changed, not each time.
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { SluiceProcess } from '../bench/sluice-process.mjs';
import { launchChromium } from './chromium.mjs';
import { buildWhereNeeded, installWhereNeeded, requireNode, root } from './prepare.mjs';

const STEP_MS = 30_000;
const LOADED_WITHIN_MS = 60_000;
/** For the figures of the last minute to have something to show. */
const FRESH_FILES = 3;
const MONTH_MS = 30 * 86_400_000;
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 375, height: 740 };

requireNode();
installWhereNeeded();
buildWhereNeeded();
const target = process.argv[2] ?? join(root, 'docs', 'images');
await mkdir(target, { recursive: true });
const directory = await mkdtemp(join(tmpdir(), 'sluice-screenshots-'));
// Run by root, PostgreSQL has a user of its own, who has to get in.
await chmod(directory, 0o711);
const input = join(directory, 'input');
let service;
let browser;
try {
  await mkdir(input);
  service = new SluiceProcess({ INPUT_DIR: input, DATA_DIR: join(directory, 'data'), RESCAN_MS: '500' }, directory);
  await service.ready(AbortSignal.timeout(LOADED_WITHIN_MS));
  browser = await launchChromium();
  await takePictures();
} finally {
  await browser?.close();
  await service?.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

async function takePictures() {
  const overview = await open('#/', { viewport: WIDE });
  const phone = await open('#/', { viewport: PHONE });
  // The curves of the overview begin when it was opened: they get a few files, one after the other, to show.
  await writeFiles({ rows: 40_000, files: 5, dirty: 0.004, seed: 'shop', meanGapMs: MONTH_MS / 40_000 });
  await loaded(5);
  for (let number = 1; number <= FRESH_FILES; number += 1) {
    const seed = `branch-${number}`;
    await writeFiles({ rows: 9000 * number, files: 1, dirty: 0, seed, meanGapMs: MONTH_MS / (9000 * number) });
    await loaded(5 + number);
    await delay(1500);
  }
  await writeFiles({ rows: 400, files: 1, dirty: 0.1, seed: 'returns', meanGapMs: 60_000 });
  await loaded(6 + FRESH_FILES);
  await shoot(overview, 'overview');
  await shoot(phone, 'phone');

  const { fileId } = (await files()).find(({ name }) => name.includes('returns'));
  await shoot(await open(`#/files/${fileId}`, { viewport: { ...WIDE, height: 1500 }, colorScheme: 'dark' }), 'file');
  await shoot(await open('#/analytics', { viewport: { ...WIDE, height: 1250 } }), 'analytics');
}

async function open(hash, options) {
  const context = await browser.newContext({
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'UTC',
    ...options,
  });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  await page.goto(`${service.origin}/${hash}`);
  await page.locator('h1').waitFor();
  return page;
}

async function shoot(page, name) {
  // What is still being read has a skeleton in its place.
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  // Events told each second are in, and drawn.
  await delay(1500);
  await page.screenshot({ path: join(target, `${name}.png`) });
  await page.context().close();
}

async function files() {
  const response = await fetch(`${service.origin}/ingestion/files?limit=100`);
  const { data } = await response.json();
  return data;
}

async function loaded(count) {
  const deadline = performance.now() + LOADED_WITHIN_MS;
  while ((await files()).filter(({ status }) => status === 'loaded').length < count) {
    if (performance.now() > deadline)
      throw new Error(`${count} files are not loaded after ${LOADED_WITHIN_MS / 1000} s`);
    await delay(100);
  }
}

/** Written as `npm run generate` does, but with a time between events that spreads them over more than a day. */
async function writeFiles(options) {
  const { writeBatches } = await import(pathToFileURL(join(root, 'dist', 'generator', 'write-batches.js')).href);
  const { PLAIN_DIALECT } = await import(pathToFileURL(join(root, 'dist', 'generator', 'dialect.js')).href);
  const written = writeBatches({
    directory: input,
    users: 900,
    dialect: PLAIN_DIALECT,
    start: Date.UTC(2024, 2, 1),
    ...options,
  });
  for await (const _ of written);
}
