/** A value that pages share: read at any time, and told to listeners when it becomes another one. */
export interface Store<T> {
  get(): T;
  set(value: T): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (value: T) => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      // A copy: a listener may end its subscription, or another's, while it is told.
      for (const listener of [...listeners]) listener(next);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
