import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** The one that the page goes on with last. */
const THEMES = ['dark', 'light'] as const;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * No rule of axe-core is broken, however small its impact, in the light and in the dark theme. Whatever is open, such
 * as a dialog, is looked at as it stands; the light theme is on afterwards.
 */
export async function expectAccessible(page: Page): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    const violations = await violationsOf(page);
    expect(violations, `${theme}: ${violations.join('\n')}`).toEqual([]);
  }
}

async function violationsOf(page: Page): Promise<string[]> {
  // Handed in from outside of the page, which itself may load scripts from its own server only.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>(
    'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => ({ violations }))',
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}
