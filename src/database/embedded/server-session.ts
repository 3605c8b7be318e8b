import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { type Access, DATABASE, SUPERUSER } from './database-url-file.ts';
import { LOOPBACK } from './loopback-port.ts';
import { pollUntil } from './poll-until.ts';

const CONNECT_MS = 5_000;
const QUERY_MS = 10_000;
const ANSWER_MS = 10_000;
const GOODBYE_MS = 1_000;
const LEAVING_MS = 1_000;

/** How a server answers our secret. `silent`: it does not answer at all, or not as PostgreSQL. */
export type LoginResult = 'welcome' | 'refused' | 'silent';

/** Tries the secret, again for 10 s where there is no clear answer. Makes the database where it is missing. */
export async function logIn(access: Access): Promise<LoginResult> {
  const result = await pollUntil(() => tryLogIn(access), { everyMs: 100, withinMs: ANSWER_MS });
  return result ?? 'silent';
}

async function tryLogIn(access: Access): Promise<LoginResult | null> {
  try {
    await withSession(access, DATABASE, 'sluice-start', (client) => client.query('SELECT 1'));
    return 'welcome';
  } catch (error) {
    if (!(error instanceof DatabaseError)) return null;
    // Class 28 is a login that is not accepted; 3D000 a missing database: the first start got no further than initdb.
    // All else passes, such as 57P03 (starting or stopping) and 53300 (too many clients).
    if (error.code?.startsWith('28')) return 'refused';
    if (error.code !== '3D000') return null;
    await createDatabase(access);
    return 'welcome';
  }
}

async function createDatabase(access: Access): Promise<void> {
  await withSession(access, 'postgres', 'sluice-start', async (client) => {
    await client.query(`CREATE DATABASE ${DATABASE}`);
  });
}

/**
 * How many sessions of Sluice other than this one the server has. Those that were closed a moment ago are still listed
 * until their backend is gone, so an answer above zero is only given after a second of asking.
 */
export async function countOtherSessions(access: Access): Promise<number> {
  return withSession(access, DATABASE, 'sluice-stop', async (client) => {
    let others = 0;
    await pollUntil(
      async () => {
        const result = await client.query<{ others: number }>(
          `SELECT count(*)::int AS others FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND application_name LIKE 'sluice%' AND application_name <> 'sluice-stop'`,
        );
        others = result.rows[0]?.others ?? 0;
        return others === 0 ? true : null;
      },
      { everyMs: 25, withinMs: LEAVING_MS },
    );
    return others;
  });
}

async function withSession<T>(
  access: Access,
  database: string,
  name: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { client, hangUp } = newClient(access, database, name);
  // Unhandled, the 'error' of a connection that breaks would end the process; the query rejects all the same.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await hangUp();
  }
}

/** A connection that stands for this process while it has no other one open, so that nobody stops the server under it. */
export interface Presence {
  isOpen(): boolean;
  close(): Promise<void>;
}

export async function openPresence(access: Access): Promise<Presence> {
  const { client, socket, hangUp } = newClient(access, DATABASE, 'sluice-presence');
  let isOpen = true;
  const leave = (): void => {
    isOpen = false;
  };
  client.on('error', leave);
  client.on('end', leave);
  try {
    await client.connect();
  } catch (error) {
    await hangUp();
    throw error;
  }
  // It alone must not keep the process alive.
  socket.unref();
  return {
    isOpen: () => isOpen,
    close: hangUp,
  };
}

interface NewClient {
  readonly client: Client;
  readonly socket: Socket;
  /** Says goodbye, and closes the line after a second also where the server does not answer: a stopped one never does. */
  hangUp(): Promise<void>;
}

function newClient(access: Access, database: string, name: string): NewClient {
  const socket = new Socket();
  const client = new Client({
    host: LOOPBACK,
    port: access.port,
    user: SUPERUSER,
    password: access.secret,
    database,
    application_name: name,
    // PGSSLMODE in the environment is for the caller's own servers; this one has no TLS and no way out of the machine.
    ssl: false,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    stream: () => socket,
  });
  const hangUp = async (): Promise<void> => {
    const patience = new AbortController();
    const goodbye = client.end().catch(() => {});
    await Promise.race([goodbye, sleep(GOODBYE_MS, null, { signal: patience.signal }).catch(() => {})]);
    patience.abort();
    socket.destroy();
  };
  return { client, socket, hangUp };
}
