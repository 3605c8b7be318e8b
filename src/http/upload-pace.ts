import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpProblem } from './problem.ts';

/** The least that a client has to send of an upload in each stretch of time. */
export interface UploadPace {
  readonly windowMs: number;
  readonly bytes: number;
}

/**
 * Waits for the body of an upload to be received, but not for a client that sends too slowly: a byte now and then would pass
 * every limit for idleness and hold its connection and its file for hours. After the reply the request is destroyed, which
 * ends `receiving`; what it brings to an end nevertheless goes to `discard`.
 * @throws HttpProblem 408, and what `receiving` throws
 */
export async function withinPace<Received>(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  pace: UploadPace,
  receiving: Promise<Received>,
  discard: (received: Received) => Promise<void>,
): Promise<Received> {
  const { socket } = request;
  let timer: NodeJS.Timeout | undefined;
  let isTooSlow = false;
  const tooSlow = new Promise<never>((_, reject) => {
    let before = socket.bytesRead;
    timer = setInterval(() => {
      const received = socket.bytesRead - before;
      before = socket.bytesRead;
      // What has arrived and is not read yet waits for our disk, which is no fault of the client.
      if (request.complete || request.readableLength > 0 || received >= pace.bytes) return;
      isTooSlow = true;
      // Once it is answered Node does so no more, and the body would be waited for after the connection has gone.
      response.once('finish', () => request.destroy());
      const detail = `an upload must bring ${pace.bytes} bytes in ${pace.windowMs / 1000} s, and this one brought ${received}; nothing was kept`;
      reject(new HttpProblem('upload_too_slow', detail));
    }, pace.windowMs);
  });
  receiving.then(
    (received) => (isTooSlow ? discard(received) : undefined),
    // Whoever waits for it is told; after a 408 nobody is left to be told.
    () => {},
  );
  return await Promise.race([receiving, tooSlow]).finally(() => clearInterval(timer));
}
