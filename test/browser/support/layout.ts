import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { eventually } from '../../support/eventually.ts';

/** A canvas follows its frame a moment after the frame has followed the window. */
const SETTLED_WITHIN_MS = 3000;

/** A small phone held upright. */
export const PHONE = { width: 375, height: 740 };

/** Nothing is wider than the screen: nobody has to push the page aside to read a line. What is too wide is named. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  await eventually(async () => {
    const tooWide = await page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth);
    return [scrollWidth + ' px', ...wide.slice(0, 20).map((one) => one.tagName.toLowerCase() + '.' + one.className)];
  })()`);
    expect(tooWide).toEqual([]);
  }, SETTLED_WITHIN_MS);
}
