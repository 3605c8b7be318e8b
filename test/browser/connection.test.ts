import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { describe, expect, inject } from 'vitest';
import { plainFile } from '../support/plain-events.ts';
import { startTestService } from '../support/service.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { dropFiles } from './support/drop-files.ts';

test('while Sluice is away the page says so, tries again, and shows what it has missed', async ({
  page,
  service,
  faults,
}) => {
  await page.goto('/');
  await page.getByText('Live', { exact: true }).waitFor();
  const { database, directory } = service;
  const { port } = new URL(service.url);
  await service.service.stop();
  await page.getByText('Sluice does not answer.').waitFor();
  await page.getByText(/retrying/).waitFor();
  await expectAccessible(page);
  // Sent while nobody listens: it waits, and goes on by itself.
  await dropFiles(page, [{ name: 'patient.csv', content: plainFile({ tag: 'p', to: 5 }) }]);
  await page.getByText(/the connection broke \(\d+×\); sending again in/).waitFor();

  const replacement = await startTestService({ env: { PORT: port }, database, directory });
  try {
    await fetch(`${replacement.url}/uploads/missed.csv?wait=30`, {
      method: 'PUT',
      body: plainFile({ tag: 'M', to: 2 }),
    });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('Sluice does not answer.').waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /missed\.csv.*loaded/ }).waitFor();
    await page
      .locator('.upload-row', { hasText: 'patient.csv' })
      .getByText('5 rows loaded')
      .waitFor({ timeout: 20_000 });
  } finally {
    await page.close();
    await replacement.close();
  }
  faults.forgetUpTo((fault) =>
    /ERR_CONNECTION_(?:REFUSED|RESET|CLOSED)|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK|status of 503/.test(fault),
  );
});

test('while the database is away the page says so, and that nothing is lost', async ({ page, service, faults }) => {
  await page.goto('/');
  await page.getByText('No file yet').waitFor();
  const name = new URL(service.database.connectionString).pathname.slice(1);
  const admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  try {
    await admin.query(`alter database ${name} with allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await page.getByText('The database is away.').waitFor({ timeout: 20_000 });
    await admin.query(`alter database ${name} with allow_connections true`);
    await page.getByText('The database is away.').waitFor({ state: 'detached' });
  } finally {
    await admin.end();
  }
  faults.forgetUpTo((fault) => /status of 503/.test(fault));
});

describe('with an API key', () => {
  const KEY = randomBytes(16).toString('hex');
  test.override({ env: { API_KEY: KEY } });

  test('it is asked for once, kept for the tab, and forgotten when asked to', async ({ page, context, faults }) => {
    await page.goto('/');
    const dialog = page.getByRole('dialog', { name: 'Enter the API key' });
    await dialog.getByText('API_KEY').waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await dialog.waitFor();

    await dialog.getByLabel('API key').fill('“quoted-by-a-mail-program”');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByText('That can not be the key').waitFor();
    // The same one twice is tried, and refused, twice.
    for (let time = 0; time < 2; time += 1) {
      const refused = page.waitForResponse((response) => response.status() === 401);
      await dialog.getByLabel('API key').fill('not-this-one-but-long-enough');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await refused;
      await dialog.getByText('That key is wrong.').waitFor();
    }
    await dialog.getByLabel('API key').fill(KEY);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('No file yet').waitFor();
    await page.getByText('curl -T events.csv -H "Authorization: Bearer $API_KEY"').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();

    await dropFiles(page, [{ name: 'a.csv', content: plainFile({ tag: 'p', to: 5 }) }]);
    await page.locator('.upload-row').getByText('5 rows loaded').waitFor();
    await page.reload();
    await page.getByRole('row', { name: /a\.csv.*loaded/ }).waitFor();
    expect(await page.evaluate<string>('JSON.stringify(localStorage)')).not.toContain(KEY);
    const otherTab = await context.newPage();
    await otherTab.goto('/');
    await otherTab.getByRole('dialog', { name: 'Enter the API key' }).waitFor();
    await otherTab.close();

    await page.getByRole('button', { name: 'Forget key' }).click();
    await dialog.waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    // What was seen with the key is not seen without it.
    expect(await page.getByText('a.csv').count()).toBe(0);
    await page.close();
    faults.forgetUpTo((fault) => /status of 401/.test(fault));
  });
});
