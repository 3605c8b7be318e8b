export type Query = Readonly<Record<string, string | number | undefined>>;

/**
 * The address of a call, relative to the page, so that it works behind a proxy that serves Sluice below a path.
 * Parameters that are undefined or empty are left out.
 */
export function addressOf(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
