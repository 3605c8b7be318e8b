import { addressOf } from '../api/address.ts';
import { ApiError, errorOfReply, unreachable } from '../api/api-error.ts';
import { apiKey, authorization, refuseApiKey } from '../api/api-key.ts';
import type { FileReply, UploadReply } from '../api/reply-types.ts';
import { unreadableFile } from '../api/unreadable-file.ts';

export interface SendingOptions {
  readonly maxRejectPercent: number | undefined;
  readonly signal: AbortSignal;
  onSent(bytes: number): void;
}

/**
 * Sends one file as the bare body of a PUT. By XMLHttpRequest, since fetch does not tell how much was sent.
 * @throws ApiError; `unreachable` where the connection broke, `unreadable_file` where the file is the cause
 */
export function sendFile(file: File, { maxRejectPercent, signal, onSent }: SendingOptions): Promise<FileReply> {
  return new Promise((resolve, reject: (error: ApiError) => void) => {
    const request = new XMLHttpRequest();
    const key = apiKey.get();
    request.open('PUT', addressOf(`uploads/${encodeURIComponent(file.name)}`, { maxRejectPercent }));
    for (const [name, value] of Object.entries(authorization(key))) request.setRequestHeader(name, value);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded }) => onSent(loaded));
    request.addEventListener('error', () => {
      unreadableFile([file]).then((error) => reject(error ?? unreachable()), reject);
    });
    request.addEventListener('load', () => {
      const { status, responseText } = request;
      if (status === 401) refuseApiKey(key);
      if (status !== 200 && status !== 202) {
        reject(errorOfReply(status, responseText, request.getResponseHeader('retry-after')));
        return;
      }
      const taken = takenFile(responseText);
      if (taken === undefined) reject(new ApiError(status, 'no_reply_of_sluice', NOT_UNDERSTOOD));
      else resolve(taken);
    });
    const abort = () => {
      request.abort();
      reject(unreachable());
    };
    signal.addEventListener('abort', abort, { once: true });
    request.addEventListener('loadend', () => signal.removeEventListener('abort', abort));
    request.send(file);
  });
}

/** Such as the page of a proxy where one has to log in. */
const NOT_UNDERSTOOD = 'What answered was not Sluice, going by its reply. Look whether the file is in the list.';

function takenFile(body: string): FileReply | undefined {
  try {
    // What the server's schema says of this reply.
    return (JSON.parse(body) as UploadReply).files[0];
  } catch {
    return undefined;
  }
}
