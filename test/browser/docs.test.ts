import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { plainFile } from '../support/plain-events.ts';
import { test } from './support/browser-test.ts';
import { expectNoSidewaysScroll, PHONE } from './support/layout.ts';
import { upload } from './support/upload.ts';

/** Opens what the page says of a call. */
async function openCall(page: Page, method: 'get' | 'post' | 'put' | 'delete', path: string) {
  const call = page
    .locator(`.opblock-${method}`)
    .filter({ has: page.locator(`.opblock-summary-path[data-path="${path}"]`) });
  await call.locator('.opblock-summary-control').click();
  await call.locator('.responses-table').first().waitFor();
  return call;
}

test('the page of the API is one click from the dashboard and leads back to it', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'API' }).click();
  await page.getByRole('heading', { name: /^Sluice/ }).waitFor();
  expect(await page.title()).toBe('Sluice API');
  expect(await page.locator('.opblock').count()).toBeGreaterThan(19);
  await page.getByRole('link', { name: /Dashboard/ }).click();
  await page.getByRole('heading', { name: 'Files' }).first().waitFor();
});

test('a call shows what it does, how to make it, and each error with its remedy, and can be tried', async ({
  page,
  service,
}) => {
  const { fileId } = await upload(service, 'tried.csv', plainFile({ tag: 'T', to: 3 }));
  await page.goto('/docs');
  const call = await openCall(page, 'get', '/ingestion/files/{fileId}');
  await call.getByText('curl http://localhost:3000/ingestion/files/7', { exact: true }).waitFor();
  await call.getByText('file_not_found: The ledger has no file of this number.').waitFor();
  await call.getByRole('button', { name: 'Try it out' }).click();
  const field = call.getByPlaceholder('fileId');
  expect(await field.inputValue()).toBe('7');
  await field.fill(String(fileId));
  await call.getByRole('button', { name: 'Execute' }).click();
  await call.locator('.live-responses-table').getByText('"tried.csv"').waitFor();
});

test('it follows the theme that was chosen in the dashboard, else that of the system', async ({ page }) => {
  const colour = () => page.evaluate<string>('getComputedStyle(document.querySelector(".swagger-ui")).color');
  await page.goto('/docs');
  await page.locator('.opblock').first().waitFor();
  const light = await colour();
  await page.emulateMedia({ colorScheme: 'dark' });
  await eventually(async () => expect(await colour()).not.toBe(light));
  await page.evaluate("localStorage.setItem('sluice-theme', 'light')");
  await page.reload();
  await page.locator('.opblock').first().waitFor();
  expect(await colour()).toBe(light);
});

test('on a phone nothing is pushed aside', async ({ page }) => {
  await page.setViewportSize(PHONE);
  await page.goto('/docs');
  await page.locator('.opblock').first().waitFor();
  await expectNoSidewaysScroll(page);
  await openCall(page, 'get', '/ingestion/files/{fileId}/rejects');
  await expectNoSidewaysScroll(page);
});

describe('with an API key', () => {
  const KEY = randomBytes(16).toString('hex');
  test.override({ env: { API_KEY: KEY } });

  test('it is entered once, and calls carry it', async ({ page }) => {
    await page.goto('/docs');
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    const dialog = page.locator('.dialog-ux');
    await dialog.getByRole('textbox').fill(KEY);
    await dialog.getByRole('button', { name: 'Apply credentials' }).click();
    await dialog.getByRole('button', { name: 'Close' }).click();
    const call = await openCall(page, 'get', '/ingestion/stats');
    await call.getByRole('button', { name: 'Try it out' }).click();
    await call.getByRole('button', { name: 'Execute' }).click();
    await call.locator('.live-responses-table').getByText('"queuedFiles"').waitFor();
  });
});
