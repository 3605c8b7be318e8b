import { createStore } from '../state/store.ts';

const STORAGE_KEY = 'sluice-api-key';

/** Kept for the tab: whoever opens the page in another one, or tomorrow, is asked again. */
export const apiKey = createStore<string | undefined>(read());

/** How often a key was entered: the same one twice is no change of `apiKey`, and yet everybody who waits is to try again. */
export const keyEntries = createStore(0);

/** Whether a call was refused for want of the key, and if so whether one had been sent. */
export const keyDemand = createStore<'none' | 'missing' | 'wrong'>('none');

export function enterApiKey(key: string): void {
  store(key);
  keyDemand.set('none');
  apiKey.set(key);
  keyEntries.set(keyEntries.get() + 1);
}

/** Begins anew, since what is seen and kept in this page was read with the key. */
export function forgetApiKey(): void {
  store(undefined);
  location.reload();
}

/** To be called when the server answered 401 to a call that was made with this key. */
export function refuseApiKey(sent: string | undefined): void {
  // An answer to a call from before the key was entered says nothing about that key.
  if (sent !== apiKey.get()) return;
  keyDemand.set(sent === undefined ? 'missing' : 'wrong');
}

export function authorization(key = apiKey.get()): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

function read(): string | undefined {
  try {
    return sessionStorage.getItem(STORAGE_KEY) ?? undefined;
  } catch {
    // A browser that keeps nothing for a page: the key lasts until it is loaded again.
    return undefined;
  }
}

function store(key: string | undefined): void {
  try {
    if (key === undefined) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, key);
  } catch {
    // As above.
  }
}
