/** A kind of option value: how to read it, and what to tell somebody who wrote something else. */
export interface ValueKind<T> {
  readonly expected: string;
  /** Undefined where the text is not such a value. */
  parse(text: string): T | undefined;
}

export function wholeNumber(least: number, most: number): ValueKind<number> {
  return {
    expected: `a whole number from ${grouped(least)} to ${grouped(most)}`,
    parse: (text) => within(least, most, /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN),
  };
}

export function decimal(least: number, most: number): ValueKind<number> {
  return {
    expected: `a number from ${grouped(least)} to ${grouped(most)}`,
    parse: (text) => within(least, most, /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN),
  };
}

export function oneOf<T extends string>(choices: readonly T[]): ValueKind<T> {
  return { expected: `one of ${choices.join(', ')}`, parse: (text) => choices.find((choice) => choice === text) };
}

/** The value that the table has for the name that was written. */
export function entryOf<T>(table: Readonly<Record<string, T>>): ValueKind<T> {
  return {
    expected: `one of ${Object.keys(table).join(', ')}`,
    parse: (text) => (Object.hasOwn(table, text) ? table[text] : undefined),
  };
}

export const folder: ValueKind<string> = { expected: 'a folder', parse: (text) => text || undefined };

/** Part of every file name, so nothing in it may lead out of the folder. */
export const seedText: ValueKind<string> = {
  expected: '1 to 40 letters, digits, - or _',
  parse: (text) => (/^[A-Za-z0-9_-]{1,40}$/.test(text) ? text : undefined),
};

/** Midnight UTC of a day, in milliseconds since 1970; far enough from the year 9999 for the longest run. */
export const startDay: ValueKind<number> = {
  expected: 'a day from 1970-01-01 to 2999-12-31',
  parse(text) {
    if (!/^(19[789]|2\d\d)\d-\d\d-\d\d$/.test(text)) return undefined;
    const time = Date.parse(`${text}T00:00:00Z`);
    // Date.parse takes 30 February for 1 March.
    return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) ? time : undefined;
  },
};

function within(least: number, most: number, value: number): number | undefined {
  return value >= least && value <= most ? value : undefined;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
