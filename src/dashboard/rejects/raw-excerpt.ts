/** Offsets in a record, in UTF-16 units; the end is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RawExcerpt {
  readonly before: string;
  /** the field that is wrong, which may be empty; undefined where the row as a whole is wrong */
  readonly marked: string | undefined;
  readonly after: string;
  readonly isShortened: boolean;
}

/** A screenful of a phone; most records are shorter. */
const LONGEST = 600;
const AROUND = 150;

/** Cuts a record where its wrong field begins and ends, and takes what is far from there out of a long one. */
export function excerptOf(raw: string, span: Span | null, isWhole: boolean): RawExcerpt {
  const start = span?.start ?? raw.length;
  const before = raw.slice(0, start);
  const marked = span === null ? undefined : raw.slice(start, span.end);
  const after = span === null ? '' : raw.slice(span.end);
  if (isWhole || raw.length <= LONGEST) return { before, marked, after, isShortened: false };
  if (marked === undefined) return { before: `${before.slice(0, LONGEST)}…`, marked, after, isShortened: true };
  return {
    before: before.length > AROUND ? `…${before.slice(-AROUND)}` : before,
    marked: marked.length > LONGEST ? `${marked.slice(0, LONGEST)}…` : marked,
    after: after.length > AROUND ? `${after.slice(0, AROUND)}…` : after,
    isShortened: true,
  };
}
