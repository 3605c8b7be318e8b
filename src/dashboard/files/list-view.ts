import type { FileFilter } from '../api/reply-types.ts';
import { stateFrom } from './file-states.ts';

/** What the server gives on one page at most, as its schema `PageQuery` says. */
export const MOST_AT_ONCE = 1000;
/** As many as are shown at first, and more with each press of the button. */
export const PAGE_FILES = 50;

/** How somebody has set the list of files. */
export interface ListView extends FileFilter {
  /** how many were asked for */
  readonly wanted: number;
}

/** A view that was kept in the history; what is no part of one counts as not set. */
export function viewFrom(kept: unknown): ListView {
  const { search, status, wanted }: Partial<Record<keyof ListView, unknown>> =
    typeof kept === 'object' && kept !== null ? kept : {};
  return {
    search: typeof search === 'string' ? search : '',
    status: stateFrom(status),
    wanted: Number.isInteger(wanted) ? Math.min(MOST_AT_ONCE, Math.max(PAGE_FILES, Number(wanted))) : PAGE_FILES,
  };
}
