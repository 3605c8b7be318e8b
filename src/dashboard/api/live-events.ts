import { EventSource } from 'eventsource';
import { createStore } from '../state/store.ts';
import { type ApiError, errorOfReply } from './api-error.ts';
import { apiKey, authorization, keyEntries, refuseApiKey } from './api-key.ts';
import type { Connection } from './connection.ts';
import type { LiveEventMap } from './live-event-map.ts';
import { delayBeforeAttempt } from './reconnect-delay.ts';
import { watchTab } from './watch-tab.ts';

type Listeners = { readonly [Name in keyof LiveEventMap]: Set<(event: LiveEventMap[Name]) => void> };

/** The server says each 15 s that it is there: when two of these are missing, it hangs, or the network lost the connection. */
const SILENT_AFTER_MS = 35_000;
/** Browsers give a host six connections over all tabs, and each stream takes one: six that nobody looks at would lock out the next tab. */
const REST_AFTER_MS = 5000;

/**
 * The live events of the server. The reader of the stream would reconnect by itself, but neither tell when, nor come back
 * after a reply that is no stream (503 while Sluice starts): so each connection is used until it fails, and then made anew.
 */
class LiveEvents {
  readonly connection = createStore<Connection>({ phase: 'connecting' });
  /** when the server was last heard, ms since 1970; undefined until the first time */
  heardAt: number | undefined;
  readonly #listeners: Listeners = { file: new Set(), stats: new Set(), progress: new Set() };
  readonly #opened = new Set<() => void>();
  readonly #reopened = new Set<() => void>();
  #source: EventSource | undefined;
  #timer: number | undefined;
  #silenceTimer: number | undefined;
  #attempt = 0;
  /** whether something may have been told since the page began to read, and while nobody listened */
  #hasMissed = false;

  /** Connects, and stays connected for as long as the page is there and seen. */
  start(): void {
    keyEntries.subscribe(() => this.retryNow());
    window.addEventListener('online', () => {
      if (this.connection.get().phase !== 'resting') this.retryNow();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.connection.get().phase === 'waiting') this.retryNow();
    });
    this.#connect();
    watchTab(REST_AFTER_MS, {
      away: () => this.#rest(),
      back: () => {
        if (this.connection.get().phase === 'resting') this.retryNow();
      },
    });
  }

  retryNow(): void {
    this.#close();
    this.#connect();
  }

  /** Returns the function that ends the subscription. */
  on<Name extends keyof LiveEventMap>(name: Name, listener: (event: LiveEventMap[Name]) => void): () => void {
    this.#listeners[name].add(listener);
    return () => {
      this.#listeners[name].delete(listener);
    };
  }

  /** Called each time that the connection is there, the first one included. */
  onOpened(listener: () => void): () => void {
    this.#opened.add(listener);
    return () => {
      this.#opened.delete(listener);
    };
  }

  /** Called each time that the connection is there after it was not: what was told in between has been missed. */
  onReopened(listener: () => void): () => void {
    this.#reopened.add(listener);
    return () => {
      this.#reopened.delete(listener);
    };
  }

  #connect(): void {
    const key = apiKey.get();
    let refusal: ApiError | undefined;
    if (this.connection.get().phase !== 'waiting') this.connection.set({ phase: 'connecting' });
    const source = new EventSource(new URL('ingestion/events', document.baseURI), {
      fetch: async (input, init) => {
        const response = await fetch(input, { ...init, headers: { ...init.headers, ...authorization(key) } });
        // The reader tells the status alone, not what the server says of it.
        if (!response.ok) refusal = errorOfReply(response.status, await response.clone().text());
        return response;
      },
    });
    this.#source = source;
    this.#awaitNews();
    source.addEventListener('open', () => {
      this.#attempt = 0;
      this.#hear();
      this.connection.set({ phase: 'open' });
      for (const listener of [...this.#opened]) listener();
      if (this.#hasMissed) for (const listener of [...this.#reopened]) listener();
      this.#hasMissed = false;
    });
    source.addEventListener('error', ({ code }) => {
      if (this.#source !== source) return;
      if (code === 401) {
        this.#close();
        refuseApiKey(key);
        this.connection.set({ phase: 'locked' });
      } else this.#wait(refusal ?? (code === undefined ? undefined : errorOfReply(code, '')));
    });
    source.addEventListener('alive', () => this.#hear());
    this.#pass(source, 'file');
    this.#pass(source, 'stats');
    this.#pass(source, 'progress');
  }

  #pass<Name extends keyof LiveEventMap>(source: EventSource, name: Name): void {
    source.addEventListener(name, (message: MessageEvent<string>) => {
      this.#hear();
      // The stream carries under this name what the server's schema says.
      const event = JSON.parse(message.data) as LiveEventMap[Name];
      for (const listener of [...this.#listeners[name]]) listener(event);
    });
  }

  #hear(): void {
    this.heardAt = Date.now();
    this.#awaitNews();
  }

  #awaitNews(): void {
    window.clearTimeout(this.#silenceTimer);
    this.#silenceTimer = window.setTimeout(() => this.#wait(undefined), SILENT_AFTER_MS);
  }

  #wait(refusal: ApiError | undefined): void {
    this.#close();
    this.#attempt += 1;
    const delayMs = delayBeforeAttempt(this.#attempt);
    this.connection.set({ phase: 'waiting', retryAt: Date.now() + delayMs, refusal });
    this.#timer = window.setTimeout(() => this.#connect(), delayMs);
  }

  #rest(): void {
    if (this.connection.get().phase === 'locked') return;
    this.#close();
    this.connection.set({ phase: 'resting' });
  }

  #close(): void {
    this.#hasMissed = true;
    window.clearTimeout(this.#timer);
    window.clearTimeout(this.#silenceTimer);
    this.#source?.close();
    this.#source = undefined;
  }
}

export const liveEvents = new LiveEvents();
