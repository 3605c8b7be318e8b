import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { HEADER, plainFile } from '../support/plain-events.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { expectNoSidewaysScroll, PHONE } from './support/layout.ts';
import { linesOf, pairsOf, rowsOf, stateOf } from './support/page-text.ts';
import { upload } from './support/upload.ts';

const NAMELESS = 'U1,view,2024-01-15,P1,,10.00,S1\n';
const WORDY = 'U2,view,yesterday  noon,P1,A\tlamp,10.00,S1\n';
const CLEAN = 'U3,view,2024-01-15,P1,A lamp,10.00,S1\n';

describe('the page of a file', () => {
  test('tells its counts, its story and its facts', async ({ page, service }) => {
    const file = await upload(service, 'plain.csv', plainFile({ tag: 'plain', to: 1000, badEvery: 5 }));
    await page.goto(`/#/files/${file.fileId}`);
    await page.getByRole('heading', { name: 'plain.csv' }).waitFor();

    expect(await pairsOf(page.getByLabel('Rows', { exact: true }))).toEqual({
      'Rows read': '1,000',
      Loaded: '800',
      Rejected: '200',
      'Corrected since': '0',
    });
    const steps = page.locator('.timeline-title');
    expect(await steps.allInnerTexts()).toEqual(['Uploaded', 'Load started', 'Loaded']);
    const timeline = await linesOf(page.locator('.timeline'));
    expect(timeline.filter((line) => /waited|took/.test(line))).toHaveLength(2);
    const facts = await pairsOf(page.locator('.facts'));
    expect(facts['Size']).toContain(`${file.sizeBytes.toLocaleString('en')} bytes`);
    expect(facts['SHA-256']).toContain(file.sha256);

    await page.getByRole('button', { name: 'Copy SHA-256' }).click();
    await page.getByRole('button', { name: 'Copied SHA-256' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(file.sha256);
    expect(await page.title()).toBe('plain.csv – Sluice');
  });

  test('of one that failed says why, and what to do; it can be tried again', async ({ page, service }) => {
    const { fileId } = await upload(service, 'columns.csv', 'user_id,event_type\nU1,view\n');
    await page.goto(`/#/files/${fileId}`);
    const notice = page.locator('.notice');
    await notice.waitFor();
    expect(await notice.innerText()).toContain('event_timestamp');
    expect(await notice.innerText()).toContain('deliver it again');
    expect(await stateOf(page)).toBe('failed');
    await expectAccessible(page);

    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click();
    await eventually(async () => {
      expect(await linesOf(page.locator('.timeline'))).toContain('Load started, attempt 2');
      expect(await stateOf(page)).toBe('failed');
    });
  });

  test('of one that holds the bytes of another leads to that one', async ({ page, service }) => {
    const first = await upload(service, 'first.csv', plainFile({ tag: 'same', to: 3 }));
    const second = await upload(service, 'second.csv', plainFile({ tag: 'same', to: 3 }));
    await page.goto(`/#/files/${second.fileId}`);
    await page
      .locator('.notice')
      .getByRole('link', { name: `file ${first.fileId}` })
      .click();
    await page.getByRole('heading', { name: 'first.csv' }).waitFor();
  });

  test('that does not exist says so', async ({ page, faults }) => {
    faults.expectReply(404, 'Not Found');
    await page.goto('/#/files/4711');
    await page.getByRole('heading', { name: 'There is no file 4711' }).waitFor();
    await page.goto('/#/files/none');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await expectAccessible(page);
  });

  test('follows a load to its end', async ({ page, service }) => {
    const held = await HeldLoads.hold(service.database);
    try {
      const body = plainFile({ tag: 'followed', to: 5000 });
      await fetch(`${service.url}/uploads/followed.csv`, { method: 'PUT', body });
      await held.untilHeld();
      await page.goto('/#/files/1');
      const progress = page.getByRole('region', { name: 'Progress' });
      await progress.getByText(/ of \d+(\.\d)? kB/).waitFor();
      expect(await stateOf(page)).toBe('loading');
      expect(await page.locator('.timeline .to-come').allInnerTexts()).toHaveLength(1);
      await expectAccessible(page);
      await held.release();
      await progress.waitFor({ state: 'detached' });
      await eventually(async () => expect(await stateOf(page)).toBe('loaded'));
      expect((await pairsOf(page.getByLabel('Rows', { exact: true })))['Loaded']).toBe('5,000');
    } finally {
      await held.release();
    }
  });

  test('follows what another client does to the file, without being loaded again', async ({ page, service }) => {
    const { fileId } = await upload(service, 'gone.csv', plainFile({ tag: 'gone', to: 7 }));
    await page.goto(`/#/files/${fileId}`);
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await eventually(async () => expect(await page.locator('.connection-mark').innerText()).toBe('Live'));
    await fetch(`${service.url}/ingestion/files/${fileId}`, { method: 'DELETE' });
    await page.getByText('7 rows of this file are not in the table').waitFor();
    expect(await linesOf(page.locator('.timeline'))).toContain('Rows taken out');
  });
});

describe('rejected rows', () => {
  test('are counted by reason in a picture, and in a table that leads to the rows', async ({ page, service }) => {
    const { fileId } = await upload(service, 'reasons.csv', HEADER + NAMELESS.repeat(3) + WORDY + CLEAN);
    await page.goto(`/#/files/${fileId}`);
    const picture = page.getByRole('img', { name: /^Rejected rows by reason.*missing value, 3 of 4/ });
    await picture.waitFor();
    expect(await rowsOf(page.getByRole('table', { name: 'Rejected rows by reason' }))).toEqual([
      ['missing value: show these rows', '3', '75%'],
      ['invalid timestamp: show these rows', '1', '25%'],
    ]);

    await page.getByRole('button', { name: 'invalid timestamp' }).click();
    await eventually(async () => {
      expect(await page.getByText('Rows 1 to 1 of 1').count()).toBe(1);
      expect(await page.locator('.reject-table tbody tr').count()).toBe(1);
    });
    await page.getByLabel('Reason', { exact: true }).selectOption('');
    await page.getByText('Rows 1 to 4 of 4').waitFor();
  });

  test('show the wrong field marked, with nothing in it invisible', async ({ page, service }) => {
    const { fileId } = await upload(service, 'marked.csv', HEADER + WORDY + NAMELESS + CLEAN);
    await page.goto(`/#/files/${fileId}`);
    const [wordy, nameless] = await eventually(async () => {
      const rows = await page.locator('.reject-table tbody tr').all();
      expect(rows).toHaveLength(2);
      return rows;
    });
    expect(await wordy?.locator('mark').innerText()).toBe('yesterday··noon');
    expect(await wordy?.locator('.raw-record').innerText()).toBe('U2,view,yesterday··noon,P1,A→lamp,10.00,S1');
    expect(await wordy?.innerText()).toContain('invalid timestamp in event_timestamp');
    expect(await nameless?.locator('mark').innerText()).toBe('nothing');
  });

  test('come page by page, with what was there until the next is read, and the focus where it was', async ({
    page,
    service,
  }) => {
    const { fileId } = await upload(service, 'many.csv', plainFile({ tag: 'many', to: 120, badEvery: 1 }) + WORDY);
    const asked: URLSearchParams[] = [];
    let letThrough = () => {};
    const held = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    await page.route(/\/rejects\?/, async (route) => {
      const query = new URL(route.request().url()).searchParams;
      asked.push(query);
      if (asked.length === 2) await held;
      await route.continue();
    });
    const focused = () => page.evaluate<string>('document.activeElement.textContent');
    const range = page.locator('.pager [role=status]');
    await page.goto(`/#/files/${fileId}`);
    await page.getByText('Rows 1 to 50 of 121').waitFor();
    // One opening is one call.
    expect(asked).toHaveLength(1);

    await page.getByRole('button', { name: 'Next' }).press('Enter');
    await eventually(async () => expect(asked).toHaveLength(2));
    expect(await page.locator('.reject-table tbody tr').count()).toBe(50);
    expect(await range.innerText()).toBe('Rows 1 to 50 of 121');
    letThrough();
    await page.getByText('Rows 51 to 100 of 121').waitFor();
    expect(await focused()).toBe('Next');
    await page.keyboard.press('Enter');
    await page.getByText('Rows 101 to 121 of 121').waitFor();
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    expect(await focused()).toBe('Next');
    expect(await page.locator('.reject-table tbody tr').last().innerText()).toContain('122');
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByText('Rows 51 to 100 of 121').waitFor();

    // A place among all rows is none among those of a reason.
    await page.getByLabel('Reason', { exact: true }).selectOption('invalid_timestamp');
    await page.getByText('Rows 1 to 1 of 1', { exact: true }).waitFor();
    const ofReason = asked.filter((query) => query.has('reason'));
    expect(ofReason.map((query) => query.get('cursor'))).toEqual([null]);
  });

  test('can be read by everybody, in the light, in the dark and on a phone', async ({ page, service }) => {
    const long = `U4,view,2024-01-15,P1,${'A very long name '.repeat(60)},10.00,S1\n`;
    const { fileId } = await upload(service, 'readable.csv', HEADER + WORDY + NAMELESS + long + CLEAN);
    await page.goto(`/#/files/${fileId}`);
    await page.locator('.reject-table').waitFor();
    await expectAccessible(page);
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await page.getByRole('button', { name: /^Show all 1,\d+ characters/ }).click();
    await expectNoSidewaysScroll(page);
  });
});
