import { describe, expect } from 'vitest';
import { chromiumPath } from '../../scripts/chromium.mjs';
import { eventually } from '../support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { test } from './support/browser-test.ts';
import { dropFiles } from './support/drop-files.ts';
import { expectNoSidewaysScroll, PHONE } from './support/layout.ts';
import { PageFaults } from './support/page-faults.ts';

// What other tests rely on is tried on pages that are wrong on purpose: else nothing would show that they can fail.

test('a missing Chromium is named, with what to install', () => {
  expect(chromiumPath({ CHROMIUM: process.execPath })).toBe(process.execPath);
  expect(() => chromiumPath({ PATH: '/nowhere' })).toThrow('apt-get install chromium');
  expect(() => chromiumPath({ CHROMIUM: '/nowhere/chromium' })).toThrow(
    "CHROMIUM is /nowhere/chromium, which can't be run",
  );
});

describe('the faults of a page', () => {
  test('are its errors, exceptions, failed requests and requests to other hosts', async ({ page, service, faults }) => {
    const own = new PageFaults(page, new URL(service.url).host);
    await page.evaluate(`
      console.error('wrong');
      console.warn('doubtful');
      console.log('fine');
      setTimeout(() => { throw new Error('thrown'); });
      fetch('http://127.0.0.1:9/pixel').catch(() => {})`);
    for (const one of [own, faults]) {
      one.expect('console error: wrong');
      one.expect('console warning: doubtful');
      one.expect('exception: thrown');
      one.expect('request to another host: http://127.0.0.1:9/pixel');
      one.expect('request failed: GET /pixel: net::ERR_UNSAFE_PORT');
      one.expect('console error: Failed to load resource: net::ERR_UNSAFE_PORT');
    }
    await eventually(() => own.check());
  });

  test('are missed when one that was named does not come', ({ page, service }) => {
    const own = new PageFaults(page, new URL(service.url).host);
    own.expectReply(404, 'Not Found');
    expect(() => own.check()).toThrow();
  });
});

test('what can not be read by everybody is found, in the dark as well', async ({ page }) => {
  const html = (css: string) =>
    `<html lang="en"><title>t</title><style>${css}</style><main><h1>Readable</h1><p>and told</p></main></html>`;
  await page.setContent(html(''));
  await expectAccessible(page);
  await page.setContent(html('@media (prefers-color-scheme: dark) { p { color: #222; background: #000 } }'));
  await expect(expectAccessible(page)).rejects.toThrow(/color-contrast/);
  await page.setContent('<html lang="en"><title>t</title><main><h1>An image</h1><img src="data:,"></main></html>');
  await expect(expectAccessible(page)).rejects.toThrow(/image-alt/);
});

test('files are dropped as by hand: onto what takes them, with their content', async ({ page }) => {
  await page.setContent('<p id="drop" style="padding: 50px">here</p>');
  await page.evaluate(`
    const zone = document.querySelector('#drop');
    zone.addEventListener('dragover', (event) => event.preventDefault());
    zone.addEventListener('drop', async (event) => {
      event.preventDefault();
      const files = await Promise.all([...event.dataTransfer.files].map(async (file) => file.name + ':' + (await file.text())));
      zone.textContent = event.isTrusted + ' ' + files.join(' ');
    })`);
  await dropFiles(
    page,
    [
      { name: 'a.csv', content: 'one' },
      { name: 'ü b.csv', content: 'two' },
    ],
    page.locator('#drop'),
  );
  await eventually(async () => expect(await page.locator('#drop').textContent()).toBe('true a.csv:one ü b.csv:two'));
});

test('a page that is wider than the phone is found', async ({ page }) => {
  await page.setViewportSize(PHONE);
  await page.setContent('<p>fits</p>');
  await expectNoSidewaysScroll(page);
  await page.setContent('<p style="width: 400px">does not</p>');
  await expect(expectNoSidewaysScroll(page)).rejects.toThrow();
});
