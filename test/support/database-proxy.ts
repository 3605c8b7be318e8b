import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** The statement that ends a load, as node-postgres sends it: a simple Query message. */
const COMMIT = Buffer.from('commit\0');
const COPY_EVENTS = Buffer.from('COPY user_events');
/** In the first message of a connection (https://www.postgresql.org/docs/current/protocol-message-formats.html, StartupMessage). */
const APPLICATION_NAME = /application_name\0([^\0]+)\0/;

/** A stretch of network in front of a database, which tests can cut. */
export class DatabaseProxy {
  /** the database behind this proxy */
  readonly connectionString: string;
  /** how many COMMITs of loads still lose their answer: the server has committed, and the client can't know */
  commitRepliesToLose = 0;
  /** the same for COMMITs of the API, which are those of uploads */
  uploadCommitRepliesToLose = 0;
  /** connections that were tried while it was cut */
  refused = 0;
  /** all that were tried, by their application name */
  readonly attempts = new Map<string, number>();
  /** what each connection may carry to the server in a second; undefined: as much as it can */
  bytesPerSecond: number | undefined;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #isSilent = false;

  private constructor(connectionString: string, server: ReturnType<typeof createServer>) {
    this.connectionString = connectionString;
    this.#server = server;
  }

  static async start(target: string): Promise<DatabaseProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(target);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new DatabaseProxy(url.href, server);
    server.on('connection', (client) => proxy.#forward(client, connect(Number(port), hostname)));
    return proxy;
  }

  /** Ends every connection and lets no new one live, until `restore`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets no byte through in either direction, on old connections and new ones, until `restore`: nobody is told. */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** New connections live; those that were silent end. */
  restore(): void {
    if (this.#isSilent) for (const socket of this.#sockets) socket.destroy();
    this.#isSilent = false;
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(client: Socket, server: Socket): void {
    const ends = [client, server];
    let hasName = false;
    let name = '';
    client.once('data', (bytes) => {
      name = APPLICATION_NAME.exec(bytes.toString('latin1'))?.[1] ?? '';
      this.attempts.set(name, (this.attempts.get(name) ?? 0) + 1);
      hasName = true;
      if (server.destroyed) client.destroy();
    });
    if (this.#isCut) {
      this.refused += 1;
      server.destroy();
    }
    let isLoad = false;
    let losesReply = false;
    for (const end of ends) {
      this.#sockets.add(end);
      // A reset is what a cut is for; either end's end is the other's.
      end.on('error', () => {});
      end.on('close', () => {
        this.#sockets.delete(end);
        // A client that is refused says its name first.
        for (const other of ends) if (other !== client || hasName) other.destroy();
      });
    }
    client.on('data', (bytes) => {
      isLoad ||= bytes.includes(COPY_EVENTS);
      if (bytes.subarray(-COMMIT.length).equals(COMMIT)) {
        const counter = isLoad
          ? 'commitRepliesToLose'
          : name === 'sluice-api'
            ? 'uploadCommitRepliesToLose'
            : undefined;
        if (counter !== undefined && this[counter] > 0) {
          this[counter] -= 1;
          losesReply = true;
        }
      }
      if (!server.destroyed) server.write(bytes);
      if (this.bytesPerSecond === undefined || server.destroyed) return;
      client.pause();
      setTimeout(
        () => {
          if (!this.#isSilent) client.resume();
        },
        (1000 * bytes.length) / this.bytesPerSecond,
      );
    });
    server.on('data', (bytes) => {
      if (losesReply) client.destroy();
      else client.write(bytes);
    });
    if (this.#isSilent) for (const end of ends) end.pause();
  }
}
