import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** A small phone held upright. */
export const PHONE = { width: 375, height: 740 };

/** Nothing is wider than the screen: nobody has to push the page aside to read a line. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [needed, there] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  );
  expect(needed).toBeLessThanOrEqual(there);
}
