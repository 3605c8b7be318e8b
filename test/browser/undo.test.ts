import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectAccounting, expectExactly } from '../support/exact-load.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { expectNoSidewaysScroll, PHONE } from './support/layout.ts';
import { linesOf, pairsOf, stateOf } from './support/page-text.ts';
import { upload } from './support/upload.ts';

const KEPT = { tag: 'kept', to: 5 };
const TAKEN = { tag: 'taken', to: 20, badEvery: 4 };

async function rowsIn(database: TestDatabase): Promise<number> {
  const [counted] = await database.query<{ rows: number }>('select count(*)::int as rows from user_events');
  return counted?.rows ?? -1;
}

/** What has the focus, by its words. */
const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent.trim()');

describe('undo', () => {
  test('asks first, and changes nothing when it is cancelled', async ({ page, service }) => {
    const { fileId } = await upload(service, 'taken.csv', plainFile(TAKEN));
    await page.goto(`/#/files/${fileId}`);
    await page.getByRole('button', { name: 'Undo: take 15 rows out' }).click();
    const dialog = page.getByRole('dialog', { name: 'Take taken.csv out again?' });
    await dialog.waitFor();
    expect(await linesOf(dialog.locator('ul'))).toEqual([
      '15 rows leave the table, all at once. Rows of other files stay.',
      'Its rejected rows stay listed here.',
      'The file itself is not touched, and may be loaded again later.',
    ]);
    await expectAccessible(page);
    expect(await focused(page)).toBe('Cancel');

    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Undo: take 15 rows out');
    expect(await rowsIn(service.database)).toBe(15);
  });

  test('takes out exactly the rows of this file; its rejects stay, and the same bytes may come again', async ({
    page,
    service,
  }) => {
    await upload(service, 'kept.csv', plainFile(KEPT));
    const { fileId } = await upload(service, 'taken.csv', plainFile(TAKEN));
    await page.goto(`/#/files/${fileId}`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take 15 rows out' }).click();
    await page.getByText('15 rows of this file are not in the table').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    expect(await stateOf(page)).toBe('taken out');
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
    expect(await focused(page)).toBe('taken.csv');
    expect(await page.locator('.reject-table tbody tr').count()).toBe(5);
    await expectExactly(service.database, [
      expectedPlain('kept.csv', KEPT),
      { ...expectedPlain('taken.csv', TAKEN), events: [] },
    ]);

    const again = await upload(service, 'taken-again.csv', plainFile(TAKEN));
    expect(again).toMatchObject({ status: 'loaded', rowsLoaded: 15, duplicateOf: null });
  });

  test('is done with the keyboard alone', async ({ page, service }) => {
    const { fileId } = await upload(service, 'keys.csv', plainFile({ tag: 'keys', to: 9 }));
    await page.goto('/');
    await page.getByRole('link', { name: 'keys.csv' }).waitFor();
    const tabTo = async (words: string) => {
      // As many as the page may have on the way; where it is never reached, the test ends here.
      for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press('Tab');
        if ((await focused(page)) === words) return;
      }
      throw new Error(`'${words}' is not reached with the Tab key`);
    };
    await tabTo('keys.csv');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'keys.csv' }).waitFor();
    expect(page.url()).toContain(`#/files/${fileId}`);

    await tabTo('Undo: take 9 rows out');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await rowsIn(service.database)).toBe(9);

    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo('Take 9 rows out');
    await page.keyboard.press('Space');
    await page.getByText('9 rows of this file are not in the table').waitFor();
    expect(await rowsIn(service.database)).toBe(0);
  });

  test('says in the dialog what went wrong', async ({ page, service, faults }) => {
    const { fileId } = await upload(service, 'twice.csv', plainFile({ tag: 'twice', to: 4 }));
    await page.goto(`/#/files/${fileId}`);
    await page.getByRole('button', { name: 'Undo' }).click();
    // Another client was faster; its live event is kept from this page.
    faults.expectReply(409, 'Conflict');
    await service.database.query(
      `update source_files set status = 'failed', rows_read = 0, rows_loaded = 0, text_offset = 0, updated_at = 'epoch'`,
    );
    await page.getByRole('dialog').getByRole('button', { name: 'Take 4 rows out' }).click();
    await page.getByRole('alert').getByText('twice.csv (file 1) is failed').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

test('that goes on for long is shown to do so, and nothing else is offered until it is done', async ({
  page,
  service,
}) => {
  const { fileId } = await upload(service, 'vast.csv', plainFile({ tag: 'vast', to: 4 }));
  await page.goto(`/#/files/${fileId}`);
  // As the server answers after a minute, without anybody waiting for one.
  await page.route(/\/ingestion\/files\/\d+$/, async (route) => {
    if (route.request().method() !== 'DELETE') return await route.continue();
    const now = await fetch(route.request().url());
    await route.fulfill({ status: 202, json: await now.json() });
  });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take 4 rows out' }).click();
  const notice = page.locator('.notice', { hasText: 'It takes longer than a minute and goes on.' });
  await notice.waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
  expect(await focused(page)).toBe('vast.csv');

  await fetch(`${service.url}/ingestion/files/${fileId}`, { method: 'DELETE' });
  await page.getByText('4 rows of this file are not in the table').waitFor();
  expect(await notice.count()).toBe(0);
});

describe('a held file', () => {
  const HELD = { tag: 'held', to: 10, badEvery: 2 };

  test('can be released: its clean rows are loaded then', async ({ page, service }) => {
    const file = await upload(service, 'held.csv', plainFile(HELD), { maxRejectPercent: '5' });
    expect(file.status).toBe('held');
    await page.goto(`/#/files/${file.fileId}`);
    await page
      .locator('.notice')
      .getByText('5 of 10 rows (50%) are rejected, more than the 5% that are allowed: none of its rows is loaded.')
      .waitFor();
    expect((await pairsOf(page.getByLabel('Rows', { exact: true })))['Rows read']).toBe('10');
    expect(await rowsIn(service.database)).toBe(0);
    await expectAccessible(page);
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);

    await page.getByRole('button', { name: 'Release: load 5 rows' }).click();
    const dialog = page.getByRole('dialog', { name: 'Load held.csv all the same?' });
    await dialog.waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Load 5 rows' }).click();
    await eventually(async () => expect(await stateOf(page)).toBe('loaded'));
    await expectExactly(service.database, [expectedPlain('held.csv', HELD)]);
    expect(await page.locator('.notice').count()).toBe(0);
  });

  test('can be discarded: nothing of it is loaded, and nothing else changes', async ({ page, service }) => {
    await upload(service, 'kept.csv', plainFile(KEPT));
    const { fileId } = await upload(service, 'held.csv', plainFile(HELD), { maxRejectPercent: '5' });
    await page.goto(`/#/files/${fileId}`);
    await page.getByRole('button', { name: 'Discard' }).click();
    const dialog = page.getByRole('dialog', { name: 'Discard held.csv?' });
    await dialog.getByText('None of its 5 clean rows is loaded.').waitFor();
    await dialog.getByRole('button', { name: 'Discard it' }).click();
    await page.getByText('none of its 5 clean rows has been in the table').waitFor();
    expect(await stateOf(page)).toBe('discarded');
    expect(await page.locator('.reject-table tbody tr').count()).toBe(5);
    expect(await rowsIn(service.database)).toBe(5);
    await expectAccounting(service.database);
  });
});
