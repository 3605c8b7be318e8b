import { callJson } from './client.ts';

/** What loading a file would find: the parts of the reply that are shown. */
export interface Validation {
  readonly name: string;
  readonly outcome: 'loaded' | 'held' | 'failed' | 'duplicate';
  readonly rowsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly ignoredColumns: readonly string[];
  readonly suggestions: readonly { readonly header: string; readonly column: string }[];
  readonly rejects: readonly RejectFound[];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly duplicateOf: number | null;
}

export interface RejectFound {
  readonly lineNumber: number;
  readonly reason: string;
  readonly column: string | null;
  readonly message: string;
  readonly raw: string;
}

/** Has files read as loading would, of which nothing is kept. */
export async function validateFiles(
  files: readonly File[],
  options: { readonly maxRejectPercent: number | undefined; readonly signal: AbortSignal },
): Promise<readonly Validation[]> {
  const form = new FormData();
  for (const file of files) form.append('file', file, file.name);
  const { maxRejectPercent, signal } = options;
  const reply = await callJson<{ readonly files: readonly Validation[] }>('validate', {
    method: 'POST',
    query: { maxRejectPercent },
    body: form,
    signal,
  });
  return reply.files;
}
