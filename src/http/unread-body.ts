import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

const LINGER_MS = 1000;
const LINGER_BYTES = 16 * 1024 * 1024;

const invited = new WeakSet<IncomingMessage>();

/** Lets a client send that asked first (https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1). */
export function inviteBody(request: IncomingMessage, response: ServerResponse): void {
  if (!asksFirst(request)) return;
  invited.add(request);
  response.writeContinue();
}

function asksFirst(request: IncomingMessage): boolean {
  return request.headers.expect?.toLowerCase() === '100-continue';
}

/** Whether the request has a body of which not everything was read: its connection can serve no further request. */
export function hasUnreadBody(request: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
  return !request.complete && (length !== '0' || coding !== undefined);
}

/** Whether bytes of an unread body arrive, rather than a client waiting to be invited. */
export function isBodyArriving(request: IncomingMessage): boolean {
  return hasUnreadBody(request) && (!asksFirst(request) || invited.has(request));
}

/**
 * A reply that ends a request whose body is refused: the text at once, then for a moment what still arrives is
 * thrown away before the connection closes. Closed at once with bytes unread, TCP resets it, and the reset can
 * overtake the reply (https://www.rfc-editor.org/rfc/rfc9112#section-9.6). Bounded, since the sender may never stop.
 */
export function replyBeforeClosing(request: IncomingMessage, text: string): Readable {
  async function* chunks() {
    yield Buffer.from(text);
    await drain(request);
  }
  return Readable.from(chunks(), { objectMode: false });
}

async function drain(request: IncomingMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    let bytes = 0;
    request.unpipe();
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LINGER_BYTES) done();
    });
    request.once('end', done).once('close', done).resume();
  });
  request.pause();
}
