import type { FileReply } from '../../../src/http/schemas/file.ts';
import type { TestService } from '../../support/service.ts';

/** Uploads a file and waits for its end, as another client would while the page is open. */
export async function upload(
  service: TestService,
  name: string,
  content: string | Uint8Array,
  query: Readonly<Record<string, string>> = {},
): Promise<FileReply> {
  const url = new URL(`/uploads/${encodeURIComponent(name)}`, service.url);
  url.search = new URLSearchParams({ wait: '30', ...query }).toString();
  const response = await fetch(url, { method: 'PUT', body: Buffer.from(content) });
  const body = (await response.json()) as { readonly files: readonly FileReply[] };
  const [file] = body.files;
  if (file === undefined) throw new Error(`${name} was not taken: ${JSON.stringify(body)}`);
  return file;
}
