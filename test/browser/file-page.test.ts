import { expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { plainFile } from '../support/plain-events.ts';
import { test } from './support/browser-test.ts';
import { upload } from './support/upload.ts';

test('a file that was loaded shows its counts, its story and its facts', async ({ page, service }) => {
  const { fileId } = await upload(service, 'plain.csv', plainFile({ tag: 'plain', to: 20, badEvery: 5 }));
  await page.goto(`/#/files/${fileId}`);
  await page.getByRole('heading', { name: 'plain.csv' }).waitFor();
  page.on('response', (response) => console.log(response.url(), response.status()));
  await eventually(async () => console.log(await page.locator('main').innerText()));
  await new Promise((r) => setTimeout(r, 1500));
  console.log(await page.locator('main').innerText());
  expect(1).toBe(1);
});
