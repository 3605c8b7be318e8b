import { PassThrough, type Readable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import type { LiveFeed } from '../../monitoring/live-feed.ts';
import { HttpProblem } from '../problem.ts';
import { toFileReply } from '../schemas/file.ts';
import { problems, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

/** An event, since no reader hands on a comment: so a client can tell a server that hangs from one that has nothing to say. */
const KEEP_ALIVE_MS = 15_000;
/** A client that reads slower than things happen is let go; it reconnects by itself and reads the list anew. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const MAX_CLIENTS = 100;

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function addLiveEventRoutes(app: App, { watcher }: Services, feed: LiveFeed): void {
  const streams = new Set<PassThrough>();
  // They would keep the server from closing.
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });

  app.get(
    '/ingestion/events',
    {
      // A HEAD would open a stream that nobody reads or ends.
      exposeHeadRoute: false,
      schema: {
        tags: ['ingestion'],
        summary: 'Live changes as server-sent events',
        description: withExamples(
          'Event `file` carries a File on each change of one; event `stats` carries the Stats, each second while something changes; ' +
            'event `progress` carries `{"fileId":7,"bytesRead":1048576,"rowsRead":9000}` up to five times a second for each larger file that this process is loading. ' +
            'Event `alive` with `{}` each 15 s keeps the connection open: when it stays away, connect again. Whoever reads too slowly is let go: connect again, and read the list anew. A browser can not send ' +
            'the key with `EventSource`; `fetch` can. End the command with Ctrl+C.',
          'curl -N http://localhost:3000/ingestion/events',
        ),
        response: {
          200: {
            description: 'A stream without end: https://html.spec.whatwg.org/multipage/server-sent-events.html',
            content: { 'text/event-stream': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          ...problems('unauthorized', 'too_many_listeners'),
        },
      },
    },
    async (request, reply) => {
      if (streams.size >= MAX_CLIENTS) {
        throw new HttpProblem('too_many_listeners', `${MAX_CLIENTS} clients are listening already`, {
          headers: { 'retry-after': '5' },
        });
      }
      const stream = new PassThrough();
      streams.add(stream);
      const send = (text: string) => {
        if (stream.writableLength > MAX_BUFFERED_BYTES) stream.destroy();
        else stream.write(text);
      };
      const unsubscribe = feed.subscribe({
        file: (file) => send(message('file', toFileReply(file))),
        progress: ({ fileId, bytesRead, rowsRead }) => send(message('progress', { fileId, bytesRead, rowsRead })),
        stats: (stats) =>
          send(message('stats', { ...stats, watcher: { directory: watcher.directory, state: watcher.state } })),
      });
      const keepAlive = setInterval(() => send(message('alive', {})), KEEP_ALIVE_MS);
      stream.once('close', () => {
        clearInterval(keepAlive);
        unsubscribe();
        streams.delete(stream);
      });
      request.raw.socket.once('close', () => stream.destroy());
      send('retry: 2000\n\n');
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  );
}

function message(event: 'alive' | 'file' | 'progress' | 'stats', value: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
}
