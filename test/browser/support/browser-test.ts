import type { Browser, BrowserContext, Page } from 'playwright-core';
import { test as base, vi } from 'vitest';
import { launchChromium } from '../../../scripts/chromium.mjs';
import { startTestService, type TestService } from '../../support/service.ts';
import { PageFaults } from './page-faults.ts';

/** A browser shares two cores with everything else that runs. */
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/** For a single step, such as a click on what is not there yet. */
const STEP_WITHIN_MS = 15_000;

interface BrowserFixtures {
  /** one for all tests of a file */
  $file: { browser: Browser };
  $test: {
    /** settings of the service; `test.override({ env: { API_KEY: '…' } })` changes them for a file or a `describe` */
    env: Readonly<Record<string, string>>;
    /** the whole service, with a database and a folder of the test's own */
    service: TestService;
    /** as a new visitor would have it: nothing stored, `page.goto('/')` is the service; 1280 × 800, light, UTC */
    context: BrowserContext;
    page: Page;
    /** what the page must not do; looked at when the test has ended */
    faults: PageFaults;
  };
}

/** A test with a page of a real Chromium, in front of a service of its own. */
export const test = base.extend<BrowserFixtures>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: the runner reads from the pattern which fixtures are needed
    async ({}, use) => {
      const browser = await launchChromium();
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  env: {},
  service: async ({ env }, use) => {
    const service = await startTestService({ env });
    await use(service);
    await service.close();
  },
  context: async ({ browser, service }, use) => {
    const context = await browser.newContext({
      baseURL: service.url,
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
      // A colour that is on its way to another one has no contrast that could be measured.
      reducedMotion: 'reduce',
      timezoneId: 'UTC',
      locale: 'en-US',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    context.setDefaultTimeout(STEP_WITHIN_MS);
    await use(context);
    await context.close();
  },
  page: async ({ context }, use) => {
    await use(await context.newPage());
  },
  faults: [
    async ({ page, service }, use) => {
      const faults = new PageFaults(page, new URL(service.url).host);
      await use(faults);
      faults.check();
    },
    { auto: true },
  ],
});
