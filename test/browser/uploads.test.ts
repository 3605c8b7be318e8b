import { describe, expect } from 'vitest';
import { HeldLoads } from '../support/held-loads.ts';
import { plainFile } from '../support/plain-events.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { dropFiles, startDrag } from './support/drop-files.ts';

const uploadRow = (name: string) => `.upload-row:has-text("${name}")`;

describe('files that are dropped', () => {
  describe('and are long', () => {
    test.override({ env: { COMMIT_ROWS: '20000' } });

    test('are shown on their way through upload and load to the end, and read out then', async ({ page, service }) => {
      await page.goto('/');
      // Each word that a row shows of the sending, as it comes: it would be gone before anybody could look.
      await page.evaluate(`
        globalThis.sent = [];
        new MutationObserver(() => {
          for (const row of document.querySelectorAll('.upload-row')) {
            if (row.querySelector('.badge').textContent === 'uploading') sent.push(row.querySelector('.upload-words').textContent);
          }
        }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
      const drag = await startDrag(page, [{ name: 'shop.csv', content: plainFile({ tag: 'p', to: 80_000 }) }]);
      await page.getByText('Drop to load').waitFor();
      const row = page.locator(uploadRow('shop.csv'));
      let held = await HeldLoads.hold(service.database);
      try {
        await drag.drop();
        // How far it is comes five times a second at most.
        await held.untilHeld(250);
        held = await held.passOneCommit();
        await row.getByText(/^[1-9][\d,]* rows read, [\d.]+ .?B of [\d.]+ MB/).waitFor();
        expect(await row.locator('.badge').textContent()).toBe('loading');
      } finally {
        await held.release();
      }
      await row.getByText('80,000 rows loaded').waitFor({ timeout: 60_000 });
      expect(await row.locator('.badge').textContent()).toBe('loaded');
      expect(await page.getByText('Drop to load').count()).toBe(0);
      const sent = await page.evaluate<string[]>('sent');
      expect(sent.filter((words) => /^[\d.]+ .?B of [\d.]+ MB sent/.test(words))).not.toEqual([]);
      await page.locator('[aria-live="polite"]').getByText('shop.csv: 80,000 rows loaded').waitFor();
      await page.getByRole('row', { name: /shop\.csv loaded 80,000 0 / }).waitFor();
      expect(service.logLines.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
    });
  });

  test('say why they were not loaded, each in its row, and let the others be', async ({ page }) => {
    await page.goto('/');
    await page.locator('[aria-live="polite"]').waitFor({ state: 'attached' });
    await page.evaluate(`
      globalThis.said = [];
      const region = document.querySelector('[aria-live="polite"]');
      new MutationObserver(() => said.push(region.textContent)).observe(region, { subtree: true, childList: true, characterData: true })`);
    await dropFiles(page, [
      { name: 'wrong.csv', content: 'a,b\n1,2\n' },
      { name: 'right.csv', content: plainFile({ tag: 'p', to: 3 }) },
      { name: 'again.csv', content: plainFile({ tag: 'p', to: 3 }) },
      { name: 'photo.jpg', content: 'no events' },
      { name: 'dirty.csv', content: plainFile({ tag: 'dirty', to: 2, badEvery: 2 }) },
    ]);
    const says = (name: string, words: RegExp) => page.locator(uploadRow(name)).filter({ hasText: words }).waitFor();
    await says('wrong.csv', /failed.*column/);
    await says('photo.jpg', /not sent.*Not a CSV file/);
    expect(await page.evaluate<string>('said.join()')).toContain('photo.jpg: not sent: Not a CSV file');
    await says('dirty.csv', /loaded.*1 row loaded, 1 row rejected/);
    // Which of two with the same bytes was the first is nobody's business.
    await page
      .getByText(/^the same bytes are loaded already, as file \d$/)
      .first()
      .waitFor();
    await page.getByText('4 of 5 finished').or(page.getByText('5 of 5 finished')).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'wrong.csv' }).first().click();
    await page.waitForURL(/#\/files\/\d+$/);
    await page.goBack();
    await page.getByText('5 of 5 finished').waitFor();
    await page.getByRole('button', { name: 'Clear finished' }).click();
    await page.locator('.upload-row').first().waitFor({ state: 'detached' });
  });

  test('are taken on any page as soon as it is seen, and their progress is shown', async ({ page }) => {
    // What a page does once it was painted comes late, as on a busy machine.
    await page.addInitScript(`
      const { requestAnimationFrame: nextFrame, setTimeout: later } = globalThis;
      globalThis.requestAnimationFrame = (callback) => later(() => nextFrame(callback), 500);
      globalThis.setTimeout = (callback, ms = 0, ...values) => later(callback, ms + 500, ...values)`);
    await page.goto('/#/analytics');
    await page.getByRole('heading', { level: 1, name: 'Analytics' }).waitFor();
    await dropFiles(page, [{ name: 'a.csv', content: plainFile({ tag: 'p', to: 2 }) }]);
    await page.locator(uploadRow('a.csv')).getByText('2 rows loaded').waitFor();
    expect(new URL(page.url()).hash).toMatch(/^(#\/)?$/);
  });
});

test('of a folder that is dropped the CSV files are sent; what is left out is said, and that one is empty', async ({
  page,
}) => {
  await page.goto('/');
  const heading = page.getByRole('heading', { name: 'Files', level: 1 });
  await heading.waitFor();
  const folder = [
    { name: 'a.csv', content: plainFile({ tag: 'p', to: 2 }) },
    { name: 'notes.txt', content: 'not for the table' },
  ];
  await dropFiles(page, [{ name: 'exports', files: folder }]);
  await page.locator(uploadRow('a.csv')).getByText('2 rows loaded').waitFor();
  await page.locator(uploadRow('1 other file of the folder')).getByText('only .csv and .csv.gz').waitFor();
  await dropFiles(page, [{ name: 'empty', files: [] }]);
  await page.locator(uploadRow('What was dropped')).getByText('There is no file in it.').waitFor();

  await page.getByRole('button', { name: 'Add files' }).click();
  await dropFiles(page, [{ name: 'exports', files: folder }]);
  await page.getByRole('dialog').getByText('1 other file of the folder').waitFor();
});

describe('files that are picked', () => {
  test('can be picked by keyboard alone, with a limit for rejects', async ({ page }) => {
    await page.goto('/');
    const button = page.getByRole('button', { name: 'Add files' });
    const dialog = page.getByRole('dialog', { name: 'Add files' });
    await button.press('Enter');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    // The focus is where it was.
    await page.keyboard.press('Enter');
    await expectAccessible(page);
    const chooser = page.waitForEvent('filechooser');
    await dialog.getByLabel('Choose files').press('Space');
    await (await chooser).setFiles({
      name: 'limit.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(plainFile({ tag: 'p', to: 4 })),
    });
    await dialog.getByLabel(/Hold a file/).fill('101');
    await dialog.getByText('A number from 0 to 100').waitFor();
    expect(await dialog.getByRole('button', { name: 'Load 1 file' }).isDisabled()).toBe(true);
    await dialog.getByLabel(/Hold a file/).fill('12.5');
    const sent = page.waitForRequest((request) => request.method() === 'PUT');
    await dialog.getByLabel(/Hold a file/).press('Enter');
    expect(new URL((await sent).url()).searchParams.get('maxRejectPercent')).toBe('12.5');
    await dialog.waitFor({ state: 'detached' });
  });
});

test('files can be checked only: what loading would find is said, and nothing is kept', async ({ page, service }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Add files' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add files' });
  const files = [
    { name: 'some.csv', content: plainFile({ tag: 'some', to: 10, badEvery: 5 }) },
    { name: 'near.csv', content: plainFile({ tag: 'near', to: 1 }).replace('event_type', 'event_typ') },
  ];
  await dialog
    .getByLabel('Choose files')
    .setInputFiles(files.map(({ name, content }) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })));
  await dialog.getByRole('checkbox', { name: /^Check only/ }).check();
  await dialog.getByRole('button', { name: 'Check 2 files' }).click();
  await dialog.getByText('10 rows: 8 clean, 2 rejected.').waitFor();
  await dialog.getByText(/Did you mean event_type by event_typ/i).waitFor();
  await dialog
    .getByText(/^line \d+ /)
    .first()
    .waitFor();
  await expectAccessible(page);
  expect(await service.database.query('select name from source_files')).toEqual([]);
  await dialog.getByRole('button', { name: 'Load 2 files now' }).click();
  await page.locator('.upload-row', { hasText: 'some.csv' }).getByText('8 rows loaded, 2 rows rejected').waitFor();
  await page
    .locator('.upload-row', { hasText: 'near.csv' })
    .getByText(/event_type/)
    .waitFor();
});
