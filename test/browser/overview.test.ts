import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { plainFile } from '../support/plain-events.ts';
import { putFiles } from '../support/put-files.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { expectNoSidewaysScroll, PHONE } from './support/layout.ts';

const put = async (url: string, name: string, body: string) => {
  const reply = await fetch(`${url}/uploads/${name}?wait=30`, { method: 'PUT', body });
  expect(reply.status).toBe(200);
};

describe('the overview', () => {
  test('without a file says every way to bring one, and changes when one is there', async ({ page, service }) => {
    await page.goto('/');
    await page.getByText('No file yet').waitFor();
    await page.getByText(service.directory).first().waitFor();
    await page.getByText(`curl -T events.csv ${service.url}/uploads/`).waitFor();
    await page.getByText(`npm run generate -- --rows 1000 --dirty 0.05 --out ${service.directory}`).waitFor();
    await expectAccessible(page);
    writeFileSync(join(service.directory, 'copied.csv'), plainFile({ tag: 'p', to: 7 }));
    await page.getByRole('row', { name: /copied\.csv.*loaded.*7/ }).waitFor();
    const tile = page.locator('.tile', { hasText: 'Rows loaded' }).locator('.tile-value');
    await eventually(async () => expect(await tile.textContent()).toBe('7'));
  });

  test('is of one width with the screen, from a small phone to a wall', async ({ page, service }) => {
    await put(service.url, `${'long-'.repeat(40)}name.csv`, plainFile({ tag: 'p', to: 2 }));
    await put(service.url, 'broken.csv', 'x'.repeat(300));
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto('/');
    await page.getByRole('link', { name: 'broken.csv' }).waitFor();
    // Cards: a table would not fit.
    expect(await page.getByRole('table').count()).toBe(0);
    for (const width of [320, PHONE.width, 719, 720, 1024, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      await expectNoSidewaysScroll(page);
    }
    await page.getByRole('table').waitFor();
    await page.setViewportSize(PHONE);
    await page.getByRole('table').waitFor({ state: 'detached' });
    await expectAccessible(page);
  });

  test('is dark when asked, and stays so', async ({ page }) => {
    const ground = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    await page.goto('/');
    const light = await ground();
    await page.getByRole('button', { name: /^Colours: as the system/ }).click();
    expect(await ground()).toBe(light);
    await page.getByRole('button', { name: /^Colours: light/ }).click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('button', { name: /^Colours: dark/ }).waitFor();
    expect(await ground()).toBe(dark);
  });

  test('tells its figures to those who do not see a plot', async ({ page, service }) => {
    await put(service.url, 'a.csv', plainFile({ tag: 'p', to: 2 }));
    await page.goto('/');
    await page.getByRole('img', { name: /^Throughput of the last 5 minutes: \d+ rows a second now/ }).waitFor();
    await page.getByRole('img', { name: /^Lag of the last 5 minutes: 0 s now, with 0 files waiting/ }).waitFor();
    await page.getByRole('button', { name: 'As a table' }).press('Enter');
    const table = page.getByRole('table', { name: /Throughput and lag/ });
    await table.getByRole('row').nth(1).waitFor();
    await expectAccessible(page);
    // On a small phone the table is wider than its frame, which has to be scrolled without a finger too.
    await page.setViewportSize({ width: 320, height: 640 });
    await expectAccessible(page);
  });
});

describe('the list of files', () => {
  test('is searched and filtered, by keyboard', async ({ page, service }) => {
    await put(service.url, 'shop-north.csv', plainFile({ tag: 'p', to: 2 }));
    await put(service.url, 'shop-south.csv', 'nothing');
    await put(service.url, 'other.csv', plainFile({ tag: 'p', to: 3 }));
    await page.goto('/');
    const names = async () => await page.locator('.file-table tbody th a').allTextContents();
    await eventually(async () => expect(await names()).toEqual(['other.csv', 'shop-south.csv', 'shop-north.csv']));
    await page.keyboard.press('/');
    await page.keyboard.type('SHOP');
    await eventually(async () => expect(await names()).toEqual(['shop-south.csv', 'shop-north.csv']));
    await page.getByRole('combobox', { name: 'State' }).selectOption('failed');
    await eventually(async () => expect(await names()).toEqual(['shop-south.csv']));
    // What comes in now does not match.
    await put(service.url, 'shop-west.csv', plainFile({ tag: 'p', to: 4 }));
    await eventually(async () => {
      expect(await page.getByRole('option', { name: /^loaded/ }).textContent()).toBe('loaded (3)');
    });
    expect(await names()).toEqual(['shop-south.csv']);
    await page.getByRole('searchbox').fill('nobody');
    await page.getByText('No file matches').waitFor();
    await page.getByRole('button', { name: 'Show all files' }).click();
    await eventually(async () => expect(await names()).toHaveLength(4));
  });

  test('says why a file that was looked for is not in it', async ({ page, service }) => {
    await put(service.url, 'shop.csv', plainFile({ tag: 'p', to: 2 }));
    writeFileSync(join(service.directory, 'sales.txt'), plainFile({ tag: 'q', to: 2 }));
    await page.goto('/');
    await page.getByRole('searchbox').fill('sales.txt');
    await page.getByRole('button', { name: 'Why is this file not here?' }).press('Enter');
    const why = 'sales.txt is left alone: its name does not end in .csv or .csv.gz; rename it.';
    await page.getByRole('paragraph').filter({ hasText: why }).waitFor();
    await page.getByRole('status').filter({ hasText: why }).waitFor({ state: 'attached' });
    expect(await page.evaluate('document.activeElement.className')).toBe('explanation');
    await expectAccessible(page);
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);
    // Another name is another question.
    await page.getByRole('searchbox').fill('./shop.csv');
    await page.locator('.explanation').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Why is this file not here?' }).click();
    await page
      .locator('.explanation')
      .getByText(/shop\.csv \(file \d+\) was loaded at .*: 2 rows, none rejected\./)
      .waitFor();
    await page.getByRole('link', { name: 'Open shop.csv' }).click();
    await page.getByRole('heading', { name: 'shop.csv' }).waitFor();
  });

  test('has older files behind a button', async ({ page, service }) => {
    const names = Array.from({ length: 55 }, (_, index) => `file-${index}.csv`);
    await putFiles(
      service.directory,
      names.map((name) => ({ name, content: plainFile({ tag: name, to: 1 }) })),
    );
    await page.goto('/');
    const rows = page.locator('.file-table tbody tr');
    await page.getByText(/all states/).waitFor({ state: 'attached' });
    await page.getByRole('option', { name: 'loaded (55)' }).waitFor({ state: 'attached' });
    await page.reload();
    await page.getByRole('button', { name: 'Show older files' }).click();
    await eventually(async () => expect(await rows.count()).toBe(55));
    await page.getByRole('button', { name: 'Show older files' }).waitFor({ state: 'detached' });
  });
});

test('the skip link leads past the header, and a change of page moves the focus to its heading', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  expect(new URL(page.url()).hash).toBe('');
  await page.getByRole('link', { name: 'Analytics' }).press('Enter');
  await eventually(async () => {
    expect(await page.evaluate('document.activeElement.tagName + document.activeElement.textContent')).toMatch(
      /^H1Analytics/,
    );
  });
  expect(await page.title()).toBe('Analytics – Sluice');
  await page.goto('/#/nowhere');
  await page.getByText('Nothing is at this address').waitFor();
});
