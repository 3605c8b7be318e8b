import type { ComponentChildren } from 'preact';

export interface PagerProps {
  /** which part of all is shown */
  readonly children: ComponentChildren;
  /** undefined: this is the first page, or another one is being read */
  readonly onPrevious: (() => void) | undefined;
  readonly onNext: (() => void) | undefined;
}

/** Goes through pages. The buttons are never `disabled`: the one that was pressed would lose the focus while a page is read. */
export function Pager({ children, onPrevious, onNext }: PagerProps) {
  return (
    <div class="pager">
      <p class="muted small" role="status">
        {children}
      </p>
      <button type="button" class="button" aria-disabled={onPrevious === undefined} onClick={onPrevious}>
        Previous
      </button>
      <button type="button" class="button" aria-disabled={onNext === undefined} onClick={onNext}>
        Next
      </button>
    </div>
  );
}
