/** One thing that is not as it has to be. */
export interface Difference {
  /** its kind: the same words for all of a kind */
  readonly what: string;
  /** which file, line, user or day */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
}

/** The differences of one kind. */
export interface DifferenceGroup {
  readonly what: string;
  readonly count: number;
  /** the first of them, as far as they are told one by one */
  readonly first: readonly Difference[];
}

/** So many of a kind are told one by one: whoever has a million needs to know of what kind they are. */
export const TOLD_OF_A_KIND = 20;

/** Differences in their order, each with how many there are of its kind. */
export function groupsOf(
  rows: readonly { readonly difference: Difference; readonly ofKind: number }[],
): DifferenceGroup[] {
  const groups = new Map<string, { what: string; count: number; first: Difference[] }>();
  for (const { difference, ofKind } of rows) {
    const group = groups.get(difference.what) ?? { what: difference.what, count: ofKind, first: [] };
    group.first.push(difference);
    groups.set(difference.what, group);
  }
  return [...groups.values()];
}
