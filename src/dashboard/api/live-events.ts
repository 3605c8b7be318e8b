import { EventSource } from 'eventsource';
import { createStore } from '../state/store.ts';
import { apiKey, authorization, refuseApiKey } from './api-key.ts';
import { delayBeforeAttempt } from './reconnect-delay.ts';
import type { FileReply, LoadProgress, Stats } from './reply-types.ts';

export interface LiveEventMap {
  readonly file: FileReply;
  readonly stats: Stats;
  readonly progress: LoadProgress;
}

export type Connection =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  /** `retryAt` in ms since 1970 */
  | { readonly phase: 'waiting'; readonly retryAt: number }
  /** the key is missing or wrong; it goes on when one was entered */
  | { readonly phase: 'locked' };

type Listeners = { readonly [Name in keyof LiveEventMap]: Set<(event: LiveEventMap[Name]) => void> };

/**
 * The live events of the server. The reader of the stream would reconnect by itself, but neither tell when, nor come back
 * after a reply that is no stream (503 while Sluice starts): so each connection is used until it fails, and then made anew.
 */
class LiveEvents {
  readonly connection = createStore<Connection>({ phase: 'connecting' });
  readonly #listeners: Listeners = { file: new Set(), stats: new Set(), progress: new Set() };
  readonly #reopened = new Set<() => void>();
  #source: EventSource | undefined;
  #timer: number | undefined;
  #attempt = 0;
  #wasOpen = false;

  /** Connects, and stays connected for as long as the page is there. */
  start(): void {
    apiKey.subscribe(() => this.retryNow());
    window.addEventListener('online', () => this.retryNow());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.connection.get().phase === 'waiting') this.retryNow();
    });
    this.#connect();
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

  /** Called each time that the connection is back after it was lost: what was told in between has been missed. */
  onReopened(listener: () => void): () => void {
    this.#reopened.add(listener);
    return () => {
      this.#reopened.delete(listener);
    };
  }

  #connect(): void {
    const key = apiKey.get();
    if (this.connection.get().phase !== 'waiting') this.connection.set({ phase: 'connecting' });
    const source = new EventSource(new URL('ingestion/events', document.baseURI), {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...authorization(key) } }),
    });
    this.#source = source;
    source.addEventListener('open', () => {
      this.#attempt = 0;
      const isBack = this.#wasOpen;
      this.#wasOpen = true;
      this.connection.set({ phase: 'open' });
      if (isBack) for (const listener of [...this.#reopened]) listener();
    });
    source.addEventListener('error', ({ code }) => {
      if (this.#source !== source) return;
      this.#close();
      if (code === 401) {
        refuseApiKey(key);
        this.connection.set({ phase: 'locked' });
      } else this.#wait();
    });
    this.#pass(source, 'file');
    this.#pass(source, 'stats');
    this.#pass(source, 'progress');
  }

  #pass<Name extends keyof LiveEventMap>(source: EventSource, name: Name): void {
    source.addEventListener(name, (message: MessageEvent<string>) => {
      // The stream carries under this name what the server's schema says.
      const event = JSON.parse(message.data) as LiveEventMap[Name];
      for (const listener of [...this.#listeners[name]]) listener(event);
    });
  }

  #wait(): void {
    this.#attempt += 1;
    const delayMs = delayBeforeAttempt(this.#attempt);
    this.connection.set({ phase: 'waiting', retryAt: Date.now() + delayMs });
    this.#timer = window.setTimeout(() => this.#connect(), delayMs);
  }

  #close(): void {
    window.clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
  }
}

export const liveEvents = new LiveEvents();
