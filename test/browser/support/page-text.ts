import type { Locator, Page } from 'playwright-core';

/** What is seen of an element, line by line, without the empty ones. */
export async function linesOf(element: Locator): Promise<string[]> {
  const text = await element.innerText();
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

/** The terms of a list of definitions with what is said of them. */
export async function pairsOf(list: Locator): Promise<Record<string, string>> {
  const terms = await list.locator('dt').allInnerTexts();
  const texts = await list.locator('dd').allInnerTexts();
  return Object.fromEntries(terms.map((term, index) => [term, texts[index] ?? '']));
}

/** The cells of a table's body. */
export async function rowsOf(table: Locator): Promise<string[][]> {
  const rows = await table.locator('tbody tr').all();
  return await Promise.all(
    rows.map(async (row) => (await row.locator('th, td').allTextContents()).map((text) => text.trim())),
  );
}

/** The word of the state that the page of a file shows. */
export async function stateOf(page: Page): Promise<string> {
  return await page.locator('.page-head .badge').innerText();
}
