import { openRaw, type RawConnection } from './raw-request.ts';

const DRIP_MS = 1000;

export interface SlowClients {
  readonly headers: readonly RawConnection[];
  readonly bodies: readonly RawConnection[];
  readonly readers: readonly RawConnection[];
  /** hangs up all that are left */
  stop(): void;
}

/**
 * Clients that hold their connections for as long as they are let: with headers that never end, with an upload of a byte now
 * and then, with replies that they do not read.
 */
export async function startSlowClients(
  url: string,
  counts: { readonly headers: number; readonly bodies: number; readonly readers: number },
): Promise<SlowClients> {
  const { host } = new URL(url);
  const open = async (count: number, text: string) => {
    const connections = await Promise.all(Array.from({ length: count }, () => openRaw(url)));
    await Promise.all(connections.map((connection) => connection.send(text)));
    return connections;
  };
  const page = `GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const headers = await open(counts.headers, `GET /health HTTP/1.1\r\nHost: ${host}\r\n`);
  const bodies = await open(
    counts.bodies,
    `PUT /uploads/slow.csv HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100000\r\n\r\nuser_id,`,
  );
  // More than the system takes into its buffers for somebody who does not read.
  const readers = await Promise.all(Array.from({ length: counts.readers }, () => openRaw(url)));
  for (const { socket } of readers) socket.pause();
  await Promise.all(readers.map((connection) => connection.send(page.repeat(4))));

  const timer = setInterval(() => {
    for (const { socket } of headers) if (socket.writable) socket.write('X-Slow: y\r\n');
    for (const { socket } of bodies) if (socket.writable) socket.write('x');
  }, DRIP_MS);
  return {
    headers,
    bodies,
    readers,
    stop() {
      clearInterval(timer);
      for (const { socket } of [...headers, ...bodies, ...readers]) socket.destroy();
    },
  };
}
