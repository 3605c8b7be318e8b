import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { DatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { plainFile } from '../support/plain-events.ts';
import { test } from './support/browser-test.ts';
import { upload } from './support/upload.ts';

const live = (page: Page) => page.getByText('Live', { exact: true });
const STREAM = '**/ingestion/events';

test('a server that hangs is not called live: after silence the page connects anew', async ({
  page,
  service,
  faults,
}) => {
  const line = await DatabaseProxy.start(service.url);
  try {
    await page.clock.install();
    await page.goto(line.connectionString);
    await live(page).waitFor();
    // Nothing ends: the connection is there, and nothing comes.
    line.silence();
    // Nor does a question that nobody answers keep the next one from being asked.
    for (let time = 0; time < 2; time += 1) {
      const asked = page.waitForRequest('**/health');
      await page.clock.fastForward(6000);
      const given = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/health'));
      await asked;
      await page.clock.fastForward(10_000);
      await given;
    }
    await page.clock.fastForward(2000);
    await live(page).waitFor();
    await page.clock.fastForward(3000);
    await page.getByText('Sluice does not answer.').waitFor();
    await page.getByText(/What you see is as of \d+ \w+ \d{4}, \d\d:\d\d:\d\d\./).waitFor();
    line.restore();
    await upload(service, 'missed.csv', plainFile({ tag: 'M', to: 2 }));
    await live(page).waitFor();
    await page.getByRole('row', { name: /missed\.csv.*loaded/ }).waitFor();
  } finally {
    await page.close();
    await line.close();
  }
  faults.forgetUpTo((fault) => fault.includes(new URL(line.connectionString).host) || /ERR_/.test(fault));
});

test('a stream that is refused is told in the words of the server, and the figures come all the same', async ({
  page,
  faults,
}) => {
  const detail = '100 clients are listening already';
  await page.route(STREAM, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 503, code: 'too_many_listeners', detail }),
    }),
  );
  await page.goto('/');
  await page.getByRole('status').getByText(`There are no live updates. ${detail}.`).waitFor();
  await page.getByText('rows/s').waitFor();
  expect(await page.getByText('Sluice does not answer').count()).toBe(0);
  await page.unroute(STREAM);
  await live(page).waitFor();
  faults.forgetUpTo((fault) => /status of 503/.test(fault));
});

describe('a tab that is out of sight', () => {
  const show = async (page: Page, state: 'hidden' | 'visible') => {
    await page.evaluate(`
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${state}' });
      document.dispatchEvent(new Event('visibilitychange'))`);
  };

  test('lets its stream go, since a browser has six for all tabs, and catches up when it is seen', async ({
    page,
    service,
  }) => {
    let streams = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/ingestion/events')) streams += 1;
    });
    await page.clock.install();
    await page.goto('/');
    await live(page).waitFor();
    await page.getByText('No file yet').waitFor();
    // A quick look elsewhere costs nothing.
    await show(page, 'hidden');
    await page.clock.fastForward(4000);
    await show(page, 'visible');
    await page.clock.fastForward(10_000);
    await live(page).waitFor();
    expect(streams).toBe(1);

    const closed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/ingestion/events'));
    await show(page, 'hidden');
    await page.clock.fastForward(6000);
    await closed;
    await upload(service, 'meanwhile.csv', plainFile({ tag: 'M', to: 2 }));
    expect(await page.getByRole('row', { name: /meanwhile\.csv/ }).count()).toBe(0);
    await show(page, 'visible');
    await live(page).waitFor();
    await page.getByRole('row', { name: /meanwhile\.csv.*loaded/ }).waitFor();
    expect(streams).toBe(2);
  });

  test('asks the database nothing until it is seen', async ({ page, service }) => {
    // What the page hears leaves no other trace in it.
    await page.addInitScript(`
      globalThis.heard = [];
      const { parse } = JSON;
      JSON.parse = (text, ...rest) => { heard.push(text); return parse(text, ...rest); }`);
    await page.goto('/#/analytics');
    await live(page).waitFor();
    await page.getByText('No event is loaded yet').waitFor();
    let asks = 0;
    page.on('request', (request) => {
      if (request.url().includes('/analytics/users')) asks += 1;
    });
    await show(page, 'hidden');
    await upload(service, 'unseen.csv', plainFile({ tag: 'U', to: 2 }));
    await eventually(async () => {
      const heard = await page.evaluate<string[]>('heard');
      expect(heard.filter((text) => /unseen\.csv.*"status":"loaded"/.test(text))).not.toEqual([]);
    });
    expect(asks).toBe(0);
    await show(page, 'visible');
    await page.getByText('No event is loaded yet').waitFor({ state: 'detached' });
  });
});
