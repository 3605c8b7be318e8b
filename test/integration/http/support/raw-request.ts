import { connect, type Socket } from 'node:net';

/** A reply as it came over the socket; the body by its Content-Length, or up to the end of the connection. */
export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawConnection {
  readonly socket: Socket;
  /** resolves once the bytes are handed to the system, also where the server has stopped reading for good */
  send(bytes: string | Uint8Array): Promise<void>;
  /** the next final reply; 1xx replies before it are skipped, and counted in `interim` */
  reply(timeoutMs?: number): Promise<RawReply>;
  readonly interim: readonly number[];
  /** resolves when the server has closed the connection */
  closed(timeoutMs?: number): Promise<void>;
}

/** A connection on which a test says exactly what it wants, also what no HTTP client would say. */
export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const interim: number[] = [];
  let received = Buffer.alloc(0);
  let isClosed = false;
  let wake = () => {};
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  // A reset is one of the ways in which a server may end a request that it refuses.
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
    wake();
  });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));

  async function until<Result>(look: () => Result | undefined, what: string, timeoutMs: number): Promise<Result> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      const remaining = deadline - performance.now();
      if (remaining <= 0)
        throw new Error(`no ${what} within ${timeoutMs} ms; received: ${received.toString('latin1')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remaining);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  function takeReply(): RawReply | undefined {
    for (;;) {
      const text = received.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) {
        if (isClosed) throw new Error(`the connection was closed without a reply; received: ${text}`);
        return undefined;
      }
      const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
      const status = Number(statusLine.split(' ')[1]);
      if (status < 200) {
        interim.push(status);
        received = received.subarray(end + 4);
        continue;
      }
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
      const rest = received.subarray(end + 4);
      if (length === undefined ? !isClosed : rest.length < length) return undefined;
      received = length === undefined ? Buffer.alloc(0) : rest.subarray(length);
      return { status, headers, body: rest.subarray(0, length).toString('utf8') };
    }
  }

  return {
    socket,
    interim,
    send: (bytes) => new Promise((resolve) => void socket.write(bytes, () => resolve())),
    reply: (timeoutMs = 10_000) => until(takeReply, 'reply', timeoutMs),
    closed: async (timeoutMs = 10_000) => void (await until(() => isClosed || undefined, 'end', timeoutMs)),
  };
}

/** Sends one request as it is written and returns the reply. */
export async function sendRaw(url: string, request: string | Uint8Array): Promise<RawReply> {
  const connection = await openRaw(url);
  try {
    await connection.send(request);
    return await connection.reply();
  } finally {
    connection.socket.destroy();
  }
}
