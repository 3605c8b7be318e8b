import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { HEADER } from '../support/plain-events.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { expectNoSidewaysScroll, PHONE } from './support/layout.ts';
import { pairsOf, rowsOf } from './support/page-text.ts';
import { upload } from './support/upload.ts';

const purchase = (user: string, day: string, price: string) => `${user},purchase,${day},P1,A lamp,${price},S1\n`;
// Sums that floats get wrong, over a day without any purchase, and one long before.
const PURCHASES =
  purchase('anna', '2024-03-01', '70000000.10') +
  purchase('anna', '2024-03-01', '70000000.20') +
  purchase('bert', '2024-03-03', '0.10') +
  purchase('bert', '2023-11-20', '5.00');
const VIEWS = 'bert,view,2024-03-03T09:30:00Z,P1,A lamp,0.10,S1\n'.repeat(3);

describe('analytics', () => {
  test('with nothing loaded says what to do', async ({ page }) => {
    await page.goto('/#/analytics');
    await page.getByText('No purchase is loaded yet').waitFor();
    await page.getByText('No event is loaded yet').waitFor();
    await page.getByText('Drop one anywhere on this page').waitFor();
    await expectAccessible(page);
  });

  test('has purchases per day as pictures and, to the cent, as a table', async ({ page, service }) => {
    await upload(service, 'shop.csv', HEADER + PURCHASES + VIEWS);
    await page.goto('/#/analytics');
    const table = page.getByRole('table', { name: 'Purchases per day' });
    await table.waitFor();
    expect(await rowsOf(table)).toEqual([
      ['3 Mar 2024', '0.10', '1', '0.10', '1'],
      ['2 Mar 2024', '0.00', '0', '0.00', '0'],
      ['1 Mar 2024', '140,000,000.30', '2', '70,000,000.15', '1'],
    ]);
    expect(await pairsOf(page.locator('.totals'))).toEqual({
      Revenue: '140,000,000.40',
      Orders: '3',
      'Most customers in a day': '1',
    });
    await page.getByRole('img', { name: /^revenue per day.*most on 1 Mar 2024: 140,000,000.30/ }).waitFor();
    await page.getByRole('img', { name: /^orders per day.*most on 1 Mar 2024: 2/ }).waitFor();
    await page.getByRole('img', { name: /^customers per day/ }).waitFor();

    await page.getByRole('radio', { name: 'All' }).check();
    await page.getByRole('button', { name: 'Show all 105 days' }).click();
    expect((await rowsOf(table)).at(-1)).toEqual(['20 Nov 2023', '5.00', '1', '5.00', '1']);
    await expectAccessible(page);
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
  });

  test('has the most active users, and finds any one of them', async ({ page, service, faults }) => {
    await upload(service, 'shop.csv', HEADER + PURCHASES + VIEWS);
    await page.goto('/#/analytics');
    const table = page.getByRole('table', { name: 'Users, most events first' });
    await table.waitFor();
    expect(await rowsOf(table)).toEqual([
      ['BERT', '5', '3', '0', '2', '5.10', '3 Mar 2024, 09:30:00'],
      ['ANNA', '2', '0', '0', '2', '140,000,000.30', '1 Mar 2024, 00:00:00'],
    ]);
    await page.getByRole('img', { name: /^Events of the 2 most active users by kind; most has BERT: 5/ }).waitFor();

    await page.getByLabel('Find a user').fill(' anna ');
    await page.keyboard.press('Enter');
    const found = page.getByRole('table', { name: 'The user that was found' });
    await found.waitFor();
    expect(await rowsOf(found)).toEqual([['ANNA', '2', '0', '0', '2', '140,000,000.30', '1 Mar 2024, 00:00:00']]);
    await found.getByText('Last seen (UTC)').waitFor();
    await expectAccessible(page);

    faults.expectReply(404, 'Not Found');
    await page.getByLabel('Find a user').fill('nobody');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('No event of nobody is loaded.').waitFor();
  });

  test('is not emptied by one mistyped year, and says which days it shows', async ({ page, service }) => {
    await upload(service, 'shop.csv', HEADER + PURCHASES + purchase('anna', '2942-03-01', '3.00'));
    await page.goto('/#/analytics');
    await page.getByText('The 30 days up to 3 Mar 2024 (UTC), the last one with purchases.').waitFor();
    await page.getByText('Days in the future have some too').waitFor();
    expect(await page.getByRole('table', { name: 'Purchases per day' }).locator('tbody tr').count()).toBe(3);
    await page.getByRole('radio', { name: 'All' }).check();
    await page.getByText('All days from 20 Nov 2023 to 1 Mar 2942 (UTC).').waitFor();
  });

  test('shows what is loaded while it is open', async ({ page, service }) => {
    await page.goto('/#/analytics');
    await page.getByText('No purchase is loaded yet').waitFor();
    await eventually(async () => expect(await page.locator('.connection-mark').innerText()).toBe('Live'));
    await upload(service, 'shop.csv', HEADER + PURCHASES);
    await page.getByRole('table', { name: 'Purchases per day' }).waitFor();
  });

  test('that can not be read says so, and comes when it is asked again', async ({ page, service, faults }) => {
    await service.database.query('alter view purchase_analytics rename to purchase_analytics_away');
    faults.expectReply(500, 'Internal Server Error');
    await page.goto('/#/analytics');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    await expectAccessible(page);
    await service.database.query('alter view purchase_analytics_away rename to purchase_analytics');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('No purchase is loaded yet').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

describe('problems', () => {
  test('are the rejects of all files as what they come down to, with a way to each', async ({ page, service }) => {
    const priceless = 'U1,view,2024-01-15,P1,A lamp,,S1\n';
    const wordy = 'U1,view,2024-01-15,P1,A lamp,free,S1\n';
    await upload(service, 'one.csv', HEADER + priceless.repeat(2) + wordy);
    await upload(service, 'two.csv', HEADER + priceless);
    await page.goto('/#/problems');
    const rows = page.getByRole('table', { name: 'Problems' }).locator('tbody tr');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(2);
    const [missing = '', invalid = ''] = await rows.allInnerTexts();
    expect(missing).toMatch(/^3\b/);
    expect(missing).toContain('missing value in product_price');
    expect(missing).toContain('last in two.csv');
    expect(missing).not.toContain('shape');
    expect(invalid).toMatch(/^1\b/);
    expect(invalid).toContain('shape a+');
    await expectAccessible(page);
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);

    await rows.first().getByRole('link', { name: 'two.csv' }).click();
    await page.getByRole('heading', { name: 'two.csv' }).waitFor();
  });

  test('where there is none, it says so', async ({ page }) => {
    await page.goto('/#/problems');
    await page.getByText('No row was rejected').waitFor();
    await expectAccessible(page);
  });
});
