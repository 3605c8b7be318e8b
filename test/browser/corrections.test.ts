import { readFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectAccounting } from '../support/exact-load.ts';
import { HEADER } from '../support/plain-events.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { dropFiles } from './support/drop-files.ts';
import { expectNoSidewaysScroll, PHONE } from './support/layout.ts';
import { stateOf } from './support/page-text.ts';
import { upload } from './support/upload.ts';

const CLEAN = 'U1,purchase,2024-01-15T10:00:00Z,P1,A lamp,10.00,S1\n';
const PRICELESS = 'U2,purchase,2024-01-15T11:00:00Z,P1,A lamp,,S2\n';
const WORDY = 'U3,view,yesterday,P2,A =table,20.00,S3\n';

describe('rejected rows come back', () => {
  test('from nothing to the corrected row, with what the page offers', async ({ page, service }) => {
    await page.goto('/');
    await page.getByRole('heading', { name: 'Files', level: 1 }).waitFor();
    await dropFiles(page, [{ name: 'shop.csv', content: HEADER + CLEAN + PRICELESS + WORDY }]);
    await page.getByText('1 row loaded, 2 rows rejected').first().waitFor();
    await page.getByRole('link', { name: 'shop.csv' }).first().click();
    await page.getByText('0 of 2 rows corrected').waitFor();

    const started = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download rejects (CSV)' }).press('Enter');
    const download = await started;
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Download rejects (CSV)');
    expect(download.suggestedFilename()).toBe('shop-rejects.csv');
    const rejects = await readFile(await download.path(), 'utf8');
    const corrected = rejects.replace(',A lamp,,S2,', ',A lamp,12.50,S2,');
    expect(corrected).not.toBe(rejects);

    await dropFiles(page, [{ name: 'shop-corrected.csv', content: corrected }]);
    await page.getByText('1 of 2 rows corrected').waitFor();
    // The other one is rejected once more, in the new file.
    const rows = page.locator('.reject-table tbody tr');
    await eventually(async () => expect(await page.locator('.is-corrected').count()).toBe(1));
    expect(await rows.first().innerText()).toContain('corrected by file 2');
    expect(await rows.last().innerText()).not.toContain('corrected');
    expect(
      await service.database.query('select user_id, product_price, file_id::int as file from user_events order by 1'),
    ).toEqual([
      { user_id: 'U1', product_price: '10.00', file: 1 },
      { user_id: 'U2', product_price: '12.50', file: 2 },
    ]);
    await expectAccounting(service.database);
    await expectAccessible(page);
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);

    await page.getByRole('link', { name: 'file 2' }).click();
    await page.getByRole('heading', { name: 'shop-corrected.csv' }).waitFor();
    await page.locator('.facts').getByRole('link', { name: 'file 1' }).waitFor();
  });

  test('the second correction of the second file closes the whole chain', async ({ page, service }) => {
    const first = await upload(service, 'first.csv', HEADER + CLEAN + WORDY);
    const rejectsOf = async (fileId: number) =>
      await (await fetch(`${service.url}/ingestion/files/${fileId}/rejects?format=csv`)).text();
    const second = await upload(service, 'second.csv', (await rejectsOf(first.fileId)).replace('yesterday', 'noon'));
    expect(second).toMatchObject({ rowsRejected: 1, corrects: first.fileId });
    await page.goto(`/#/files/${first.fileId}`);
    await page.getByText('0 of 1 row corrected').waitFor();
    await eventually(async () => expect(await page.locator('.connection-mark').innerText()).toBe('Live'));

    const corrected = (await rejectsOf(second.fileId)).replace('noon', '2024-01-15T12:00:00Z');
    const third = await upload(service, 'third.csv', corrected);
    expect(third).toMatchObject({ rowsLoaded: 1 });
    await page.getByText('all corrected').waitFor();
    await page.getByText(`corrected by file ${third.fileId}`).waitFor();
  });

  test('can be chosen instead of dropped', async ({ page, service }) => {
    const { fileId } = await upload(service, 'chosen.csv', HEADER + PRICELESS);
    const rejects = await (await fetch(`${service.url}/ingestion/files/${fileId}/rejects?format=csv`)).text();
    await page.goto(`/#/files/${fileId}`);
    await page.getByLabel('choose it').setInputFiles({
      name: 'chosen-corrected.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(rejects.replace(',A lamp,,S2,', ',A lamp,3.00,S2,')),
    });
    await page.getByText('all corrected').waitFor();
    expect(await stateOf(page)).toBe('loaded');
  });
});

describe('with a key', () => {
  test.override({ env: { API_KEY: 'a-key-of-the-test' } });

  test('rejects are downloaded with it', async ({ page, service, faults }) => {
    const url = `${service.url}/uploads/keyed.csv?wait=30`;
    const headers = { authorization: 'Bearer a-key-of-the-test' };
    await fetch(url, { method: 'PUT', body: HEADER + PRICELESS, headers });
    await page.goto('/#/files/1');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('a-key-of-the-test');
    await page.keyboard.press('Enter');
    const started = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download rejects (CSV)' }).click();
    expect(await readFile(await (await started).path(), 'utf8')).toContain('U2,purchase');
    // What was asked for before the key was entered.
    faults.forgetUpTo((fault) => fault.includes('status of 401'));
  });
});
