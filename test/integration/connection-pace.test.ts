import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/client.ts';

/** Longer than the second between two attempts. */
const ATTEMPT_MS = 1500;
const ASKED_FOR_MS = 9000;

test('B3 a database that turns everyone away is tried once a second, however many ask and however long an attempt takes', async () => {
  let attempts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    attempts += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    setTimeout(() => socket.destroy(), ATTEMPT_MS);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const database = openDatabase({
    connectionString: `postgresql://nobody@127.0.0.1:${port}/none`,
    applicationName: 'sluice-test',
    maxConnections: 5,
    onError: () => {},
  });
  const ask = () => database.$client.query('select 1').then(() => 'answered', String);
  try {
    expect(await ask()).not.toBe('answered');
    attempts = 0;
    const begin = performance.now();
    const asked: Promise<string>[] = [];
    while (performance.now() - begin < ASKED_FOR_MS) {
      asked.push(ask());
      await delay(20);
    }
    const seconds = Math.floor((performance.now() - begin) / 1000);
    expect(attempts).toBeGreaterThan(1);
    expect(attempts).toBeLessThanOrEqual(seconds + 1);
    expect(await Promise.all(asked)).not.toContain('answered');
  } finally {
    await database.$client.end();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
});
