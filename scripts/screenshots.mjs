// `npm run screenshots`: the pictures of the README, taken of the service as it is now, with generated data, in a real Chromium.
// A machine may draw letters a little differently than another: pictures are made anew when a page has changed, not each time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SluiceProcess } from '../bench/sluice-process.mjs';
import { launchChromium } from './chromium.mjs';
import { buildWhereNeeded, installWhereNeeded, requireNode, root } from './prepare.mjs';

const STEP_MS = 30_000;
const WIDE = { width: 1280, height: 860 };
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
  await generate(
    '--rows',
    '60000',
    '--files',
    '6',
    '--dirty',
    '0.004',
    '--seed',
    'shop',
    '--users',
    '900',
    '--start',
    '2024-03-01',
  );
  await generate('--rows', '400', '--dirty', '0.12', '--seed', 'returns', '--start', '2024-03-29');
  service = new SluiceProcess({ INPUT_DIR: input, DATA_DIR: join(directory, 'data'), RESCAN_MS: '500' }, directory);
  await service.ready(AbortSignal.timeout(STEP_MS * 2));
  browser = await launchChromium();
  await loaded(7);
  await takePictures();
} finally {
  await browser?.close();
  await service?.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

async function takePictures() {
  const [failing] = await files('returns');
  await picture('overview', '#/', { viewport: WIDE });
  await picture('file', `#/files/${failing.fileId}`, { viewport: { ...WIDE, height: 1500 }, colorScheme: 'dark' });
  await picture('analytics', '#/analytics', { viewport: { ...WIDE, height: 1100 } });
  await picture('phone', '#/', { viewport: PHONE });
}

async function picture(name, hash, options) {
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
  // What is still being read has a skeleton in its place.
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))');
  await page.screenshot({ path: join(target, `${name}.png`) });
  await context.close();
}

async function files(search) {
  const response = await fetch(`${service.origin}/ingestion/files?limit=100`);
  const { data } = await response.json();
  return data.filter(({ name }) => name.includes(search));
}

async function loaded(count) {
  const deadline = performance.now() + STEP_MS * 2;
  while ((await files('')).filter(({ status }) => status === 'loaded').length < count) {
    if (performance.now() > deadline)
      throw new Error(`the ${count} files are not loaded after ${(STEP_MS * 2) / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function generate(...options) {
  const child = spawn(process.execPath, [join(root, 'dist', 'cli', 'generate.js'), ...options, '--out', input], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the data could not be generated: exit code ${code}`);
}
