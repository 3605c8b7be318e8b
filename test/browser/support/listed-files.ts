import type { Page, Route } from 'playwright-core';
import type { FileReply } from '../../../src/http/schemas/file.ts';
import { fileReply } from '../../unit/dashboard/support/file-reply.ts';

/** More files than a test could have loaded while somebody waits, newest first, as the server would list them. */
export class ListedFiles {
  readonly #files: readonly FileReply[];
  /** those with a higher number have not come yet */
  newest = Number.MAX_SAFE_INTEGER;
  /** what is done with a call for a further page, in place of the answer */
  onOlder: ((route: Route) => Promise<void>) | undefined;

  constructor(count: number) {
    this.#files = Array.from({ length: count }, (_, index) => {
      const fileId = count - index;
      return fileReply({ fileId, name: `file-${fileId}.csv`, status: fileId % 2 === 0 ? 'loaded' : 'duplicate' });
    });
  }

  /** As the stream would tell of all of them. */
  get events(): string {
    return this.#files.map((file) => `event: file\ndata: ${JSON.stringify(file)}\n\n`).join('');
  }

  async answer(page: Page): Promise<void> {
    await page.route(/\/ingestion\/files\?/, async (route) => await this.#list(route));
    await page.route(/\/ingestion\/files\/\d+$/, async (route) => {
      const fileId = Number(route.request().url().split('/').at(-1));
      await route.fulfill({ json: this.#files.find((file) => file.fileId === fileId) ?? {} });
    });
  }

  async #list(route: Route): Promise<void> {
    const query = new URL(route.request().url()).searchParams;
    const cursor = query.get('cursor');
    if (cursor !== null && this.onOlder !== undefined) return await this.onOlder(route);
    const search = query.get('search') ?? '';
    const status = query.get('status') ?? '';
    const limit = Number(query.get('limit'));
    const matching = this.#files.filter((file) => {
      const isBehind = file.fileId <= this.newest && (cursor === null || file.fileId < Number(cursor));
      return isBehind && file.name.includes(search) && (status === '' || file.status === status);
    });
    const data = matching.slice(0, limit);
    const nextCursor = matching.length > limit ? String(data.at(-1)?.fileId) : null;
    await route.fulfill({ json: { data, nextCursor } });
  }
}
