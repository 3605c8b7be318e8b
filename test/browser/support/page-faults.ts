import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/**
 * What a page does that no page of ours should: errors and warnings in the console, exceptions, requests that fail, and
 * requests to any other host. A test that provokes one names it exactly.
 */
export class PageFaults {
  readonly #seen: string[] = [];
  readonly #expected: string[] = [];

  /** @param host such as `127.0.0.1:4711`, the only one that may be asked */
  constructor(page: Page, host: string) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.#seen.push(`console ${message.type()}: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => this.#seen.push(`exception: ${error.message}`));
    page.on('request', (request) => {
      const url = new URL(request.url());
      // What the page made itself and what a link carries in it leaves the machine for nobody.
      if (url.protocol === 'blob:' || url.protocol === 'data:') return;
      if (url.host !== host) this.#seen.push(`request to another host: ${url.href}`);
    });
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? 'without a reason';
      // Taken back by the page itself: a stream that is closed, a list that is asked for anew.
      if (reason === 'net::ERR_ABORTED') return;
      this.#seen.push(`request failed: ${request.method()} ${new URL(request.url()).pathname}: ${reason}`);
    });
  }

  /** Names a fault that the test provokes; it has to come, `times` times. */
  expect(fault: string, times = 1): void {
    for (let time = 0; time < times; time += 1) this.#expected.push(fault);
  }

  /** Names the line that Chromium writes into the console by itself for a reply of this status. */
  expectReply(status: number, phrase: string): void {
    this.expect(`console error: Failed to load resource: the server responded with a status of ${status} (${phrase})`);
  }

  /** For tests that take the server or the network away: nobody knows how often a page tries again. */
  forgetUpTo(isProvoked: (fault: string) => boolean): void {
    for (let index = this.#seen.length - 1; index >= 0; index -= 1) {
      if (isProvoked(this.#seen[index] ?? '')) this.#seen.splice(index, 1);
    }
  }

  /** Fails where something came that was not named, or did not come that was. */
  check(): void {
    expect([...this.#seen].sort()).toEqual([...this.#expected].sort());
  }
}
