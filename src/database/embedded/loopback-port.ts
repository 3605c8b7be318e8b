import { createServer } from 'node:net';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** The only address the embedded PostgreSQL listens on: nothing of it is reachable from another machine. */
export const LOOPBACK = '127.0.0.1';

/** A port that was free a moment ago. @throws EmbeddedPostgresError `no_free_port` */
export async function findFreePort(): Promise<number> {
  const port = await tryListen(0);
  if (port === null) {
    throw new EmbeddedPostgresError(
      'no_free_port',
      `No port is free on ${LOOPBACK} for the embedded PostgreSQL. End what holds them (ss -ltn lists it), or set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  return port;
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== null;
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(null));
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : null;
      server.close(() => resolve(bound));
    });
  });
}
