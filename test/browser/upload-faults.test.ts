import { writeFileSync } from 'node:fs';
import { appendFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { plainFile } from '../support/plain-events.ts';
import { createTestDirectory } from '../support/service.ts';
import { test } from './support/browser-test.ts';
import { dropFiles } from './support/drop-files.ts';

const row = (page: Page, name: string) => page.locator('.upload-row', { hasText: name });
const asksBeforeLeaving = (page: Page) =>
  page.evaluate<boolean>("!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))");

test('an upload can be cancelled while it is sent, and sent again', async ({ page }) => {
  await page.goto('/');
  await page.getByText('No file yet').waitFor();
  const session = await page.context().newCDPSession(page);
  const limit = async (uploadThroughput: number) =>
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput,
    });
  await session.send('Network.enable');
  await limit(100_000);
  await dropFiles(page, [{ name: 'slow.csv', content: plainFile({ tag: 'slow', to: 20_000 }) }]);
  await row(page, 'slow.csv')
    .getByText(/^[1-9][\d.]* .B of .* sent · .*\/s · .* left$/)
    .waitFor();
  const stopped = page.waitForEvent('requestfailed', (request) => request.method() === 'PUT');
  await page.getByRole('button', { name: 'Cancel slow.csv' }).click();
  await row(page, 'slow.csv').getByText('cancelled; if it had arrived before, it is in the list').waitFor();
  await stopped;
  expect(await asksBeforeLeaving(page)).toBe(false);
  await limit(-1);
  await page.getByRole('button', { name: 'Send slow.csv again' }).click();
  await row(page, 'slow.csv').getByText('20,000 rows loaded').waitFor();
});

test('an upload that the server can not take now waits as long as it says, and goes on by itself', async ({
  page,
  faults,
}) => {
  await page.goto('/');
  await page.getByText('No file yet').waitFor();
  const problem = { status: 503, code: 'database_unavailable', detail: 'the database is not available' };
  await page.route(
    '**/uploads/later.csv',
    (route) => route.fulfill({ status: 503, headers: { 'retry-after': '2' }, json: problem }),
    { times: 1 },
  );
  await dropFiles(page, [{ name: 'later.csv', content: plainFile({ tag: 'later', to: 3 }) }]);
  await row(page, 'later.csv')
    .getByText(/^The database is not available\. It is sent again in \d s\.$/)
    .waitFor();
  expect(await asksBeforeLeaving(page)).toBe(true);
  await row(page, 'later.csv').getByText('3 rows loaded').waitFor();
  expect(await asksBeforeLeaving(page)).toBe(false);

  // Such as a proxy where one has to log in.
  await page.route('**/uploads/foreign.csv', (route) => route.fulfill({ contentType: 'text/html', body: '<p>Log in' }));
  await dropFiles(page, [{ name: 'foreign.csv', content: plainFile({ tag: 'foreign', to: 3 }) }]);
  await row(page, 'foreign.csv').getByText('What answered was not Sluice').waitFor();
  faults.expectReply(503, 'Service Unavailable');
});

describe('the dialog that adds files', () => {
  test('says that a file was changed since it was chosen, and takes it once it is chosen again', async ({
    page,
    faults,
  }) => {
    const directory = await createTestDirectory();
    try {
      const path = join(directory, 'edited.csv');
      writeFileSync(path, plainFile({ tag: 'edited', to: 3 }));
      await page.goto('/');
      await page.getByRole('button', { name: 'Add files' }).click();
      const dialog = page.getByRole('dialog', { name: 'Add files' });
      const input = dialog.getByLabel('Choose files');
      await input.setInputFiles(path);
      // Else the browser would take the same file for no new choice.
      expect(await input.inputValue()).toBe('');
      await dialog.getByRole('checkbox', { name: /^Check only/ }).check();
      // Chromium compares whole seconds, and a test is faster than a person.
      const change = async (n: number) => {
        await appendFile(path, `U${n},view,2024-01-15,P1,A lamp,10.00,S1\n`);
        await utimes(path, new Date(), new Date(Date.now() + n * 5000));
      };
      await change(1);
      await dialog.getByRole('button', { name: 'Check 1 file' }).click();
      await dialog.getByText('edited.csv has changed since it was chosen').waitFor();
      await input.setInputFiles(path);
      await dialog.getByRole('button', { name: 'Check 1 file' }).click();
      await dialog.getByText('4 rows: 4 clean, 0 rejected.').waitFor();
      await change(2);
      await dialog.getByRole('button', { name: 'Load 1 file now' }).click();
      await row(page, 'edited.csv').getByText('has changed since it was chosen').waitFor();
      expect(await page.getByRole('button', { name: 'Send edited.csv again' }).count()).toBe(0);
    } finally {
      await page.close();
      await rm(directory, { recursive: true });
    }
    faults.forgetUpTo((fault) => fault.includes('ERR_UPLOAD_FILE_CHANGED'));
  });

  test('gives a check up when something else is chosen: its late reply would be of other files', async ({ page }) => {
    await page.goto('/');
    await page.getByRole('button', { name: 'Add files' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add files' });
    const choose = (name: string) =>
      dialog.getByLabel('Choose files').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from('a,b\n') });
    const checksOnly = dialog.getByRole('checkbox', { name: /^Check only/ });
    await choose('first.csv');
    await checksOnly.check();
    // Nobody answers.
    await page.route('**/validate*', () => {});
    const changes = [
      () => choose('second.csv'),
      () => dialog.getByLabel(/Hold a file/).fill('5'),
      async () => {
        await checksOnly.uncheck();
        await checksOnly.check();
      },
    ];
    for (const change of changes) {
      const asked = page.waitForRequest('**/validate*');
      const check = dialog.getByRole('button', { name: 'Check 1 file' });
      await check.click();
      const request = await asked;
      // Disabled, it would lose the focus.
      expect(await check.isEnabled()).toBe(true);
      const givenUp = page.waitForEvent('requestfailed', (failed) => failed === request);
      await change();
      await givenUp;
      await dialog.getByRole('progressbar').waitFor({ state: 'detached' });
    }
  });
});
