import { addressOf } from '../api/address.ts';
import { type ApiError, errorOfReply, unreachable } from '../api/api-error.ts';
import { apiKey, authorization, refuseApiKey } from '../api/api-key.ts';
import type { FileReply, UploadReply } from '../api/reply-types.ts';

export interface SendingOptions {
  readonly maxRejectPercent: number | undefined;
  readonly signal: AbortSignal;
  onSent(bytes: number): void;
}

/**
 * Sends one file as the bare body of a PUT. By XMLHttpRequest, since fetch does not tell how much was sent.
 * @throws ApiError; `unreachable` where the connection broke
 */
export function sendFile(file: File, { maxRejectPercent, signal, onSent }: SendingOptions): Promise<FileReply> {
  return new Promise((resolve, reject: (error: ApiError) => void) => {
    const request = new XMLHttpRequest();
    const key = apiKey.get();
    request.open('PUT', addressOf(`uploads/${encodeURIComponent(file.name)}`, { maxRejectPercent }));
    for (const [name, value] of Object.entries(authorization(key))) request.setRequestHeader(name, value);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded }) => onSent(loaded));
    request.addEventListener('error', () => reject(unreachable()));
    request.addEventListener('load', () => {
      if (request.status === 401) refuseApiKey(key);
      const taken = request.status === 200 || request.status === 202 ? takenFile(request.responseText) : undefined;
      if (taken === undefined) reject(errorOfReply(request.status, request.responseText));
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

function takenFile(body: string): FileReply | undefined {
  // What the server's schema says of this reply.
  return (JSON.parse(body) as UploadReply).files[0];
}
