import { addressOf, type Query } from './address.ts';
import { errorOfReply, unreachable } from './api-error.ts';
import { apiKey, authorization, refuseApiKey } from './api-key.ts';

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Query;
  readonly body?: BodyInit;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes a call with the key of this tab, and gives its reply if it is a success.
 * @throws ApiError with the server's own words; on 401 the page asks for the key as well
 */
export async function call(path: string, options: CallOptions = {}): Promise<Response> {
  const key = apiKey.get();
  const response = await fetch(addressOf(path, options.query), {
    method: options.method ?? 'GET',
    headers: { accept: options.accept ?? 'application/json', ...authorization(key) },
    cache: 'no-store',
    ...(options.body === undefined ? {} : { body: options.body }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).catch((error: unknown) => {
    throw options.signal?.aborted === true ? error : unreachable(error);
  });
  if (response.ok) return response;
  if (response.status === 401) refuseApiKey(key);
  throw errorOfReply(response.status, await response.text().catch(() => ''));
}

/** The same for a JSON reply. The type is the caller's word: the server checks its replies against the same schema. */
export async function callJson<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await call(path, options);
  return (await response.json()) as T;
}
