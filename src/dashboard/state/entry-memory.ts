/**
 * What a page keeps with its entry of the browser's history: Back, Forward and a reload bring it back, while a link to the same
 * page begins anew. It may have been written by an older page, so whoever reads it checks what it is.
 */
export function recall(name: string): unknown {
  return entryState()[name];
}

export function remember(name: string, value: unknown): void {
  history.replaceState({ ...entryState(), [name]: value }, '');
}

function entryState(): Readonly<Record<string, unknown>> {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null ? { ...state } : {};
}
