import { type IncomingMessage, request } from 'node:http';
import { eventually } from '../../../support/eventually.ts';

export interface StreamedEvent {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever the server sent
  readonly data: any;
}

export interface EventStream {
  readonly response: IncomingMessage;
  readonly events: readonly StreamedEvent[];
  readonly isEnded: boolean;
  /** the first events that the condition holds for, once there are so many */
  wanted(condition: (event: StreamedEvent) => boolean, count: number): Promise<StreamedEvent[]>;
  close(): void;
}

/** A client of server-sent events over a real connection; resolves when the reply has begun. */
export async function openEventStream(url: string): Promise<EventStream> {
  const events: StreamedEvent[] = [];
  let isEnded = false;
  const call = request(`${url}/ingestion/events`, { agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve).once('error', reject).end();
  });
  call.on('error', () => {});
  response.on('error', () => {});
  response.on('end', () => {
    isEnded = true;
  });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) events.push({ event, data: JSON.parse(data) });
    }
  });
  return {
    response,
    events,
    get isEnded() {
      return isEnded;
    },
    wanted: (condition, count) =>
      eventually(() => {
        const found = events.filter(condition);
        if (found.length < count)
          throw new Error(`${found.length} of ${count} events so far: ${JSON.stringify(events)}`);
        return found;
      }),
    close: () => call.destroy(),
  };
}
