import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { test } from './support/browser-test.ts';
import { ListedFiles } from './support/listed-files.ts';

describe('a long list of files', () => {
  test('goes on as far as it is asked for, the focus with it, and is found again on the way back', async ({ page }) => {
    const listed = new ListedFiles(700);
    await listed.answer(page);
    await page.goto('/');
    // As after eleven presses of the button.
    await page.evaluate(`history.replaceState({ files: { search: 'file', status: '', wanted: 600 } }, '')`);
    await page.reload();
    const rows = page.locator('.file-table tbody tr');
    const older = page.getByRole('button', { name: 'Show older files' });
    const focused = () => page.evaluate<string>('document.activeElement.textContent');
    await older.waitFor();
    expect(await rows.count()).toBe(600);
    await older.press('Enter');
    await eventually(async () => expect(await rows.count()).toBe(650));
    expect(await focused()).toBe('Show older files');
    await page.keyboard.press('Enter');
    await eventually(async () => expect(await rows.count()).toBe(700));
    await eventually(async () => expect(await focused()).toBe('There are no older files'));

    await rows.locator('a', { hasText: 'file-20.csv' }).click();
    await page.getByRole('heading', { name: 'file-20.csv' }).waitFor();
    expect(await focused()).toBe('file-20.csv');
    expect(await page.evaluate('window.scrollY')).toBe(0);
    await page.goBack();
    await eventually(async () => expect(await focused()).toBe('file-20.csv'));
    expect(await rows.count()).toBe(700);
    expect(await page.getByRole('searchbox').inputValue()).toBe('file');
    expect(await page.evaluate<number>('document.activeElement.getBoundingClientRect().top')).toBeLessThan(800);
    // A link to the list is not the way back: it begins anew.
    await page.getByRole('link', { name: 'Analytics' }).click();
    await page.getByRole('link', { name: 'Files', exact: true }).click();
    await eventually(async () => expect(await rows.count()).toBe(50));
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  test('forgets with its filter what it was about to get, and what went wrong', async ({ page, faults }) => {
    const listed = new ListedFiles(120);
    await listed.answer(page);
    await page.goto('/');
    const older = page.getByRole('button', { name: 'Show older files' });
    const state = page.getByRole('combobox', { name: 'State' });

    faults.expectReply(500, 'Internal Server Error');
    listed.onOlder = async (route) => await route.fulfill({ status: 500, body: '' });
    await older.click();
    await page.getByRole('alert').getByText('The server answered with status 500.').waitFor();
    await state.selectOption('loaded');
    await page.getByRole('alert').waitFor({ state: 'detached' });

    // Never answered: only taken back it comes to an end.
    listed.onOlder = async () => {};
    const takenBack = page.waitForEvent('requestfailed', (request) => request.url().includes('cursor='));
    await older.click();
    await page.getByRole('button', { name: 'Loading …' }).waitFor();
    await state.selectOption('duplicate');
    await takenBack;
    await older.waitFor();
  });

  test('draws of a burst of thousands no more than it can hold, and is right afterwards', async ({ page }) => {
    const listed = new ListedFiles(5000);
    listed.newest = 20;
    await listed.answer(page);
    const rows = page.locator('.file-table tbody tr');
    let streams = 0;
    await page.route(/\/ingestion\/events$/, async (route) => {
      streams += 1;
      if (streams > 1) return await route.continue();
      await rows.first().waitFor();
      listed.newest = 5000;
      await route.fulfill({ contentType: 'text/event-stream', body: listed.events });
    });
    await page.addInitScript(`
      globalThis.mostRows = 0;
      new MutationObserver(() => {
        mostRows = Math.max(mostRows, document.querySelectorAll('.file-table tbody tr').length);
      }).observe(document, { childList: true, subtree: true });
    `);
    await page.goto('/');
    await page.getByText('Live', { exact: true }).waitFor();
    await eventually(async () => {
      expect(streams).toBe(2);
      expect(await rows.count()).toBe(50);
      expect(await rows.first().innerText()).toContain('file-5000.csv');
    });
    expect(await page.evaluate('mostRows')).toBeLessThanOrEqual(600);
  });
});
