import { useEffect, useRef } from 'preact/hooks';
import type { FileList } from '../../files/use-file-list.ts';

/** The button at the end of the list; with the last page, words take its place and its focus. */
export function OlderFiles({ list }: { readonly list: FileList }) {
  const end = useRef<HTMLParagraphElement>(null);
  const wasPressed = useRef(false);
  const { hasMore, isLoadingMore, moreError } = list;
  useEffect(() => {
    // The button that had the focus has just gone: without this, the next Tab would begin at the top of the page.
    if (!hasMore && document.activeElement === document.body) end.current?.focus();
  }, [hasMore]);
  if (!hasMore) {
    return wasPressed.current ? (
      <p ref={end} class="more muted small" tabIndex={-1}>
        There are no older files
      </p>
    ) : null;
  }
  return (
    <div class="more">
      {moreError === undefined ? null : (
        <p class="field-error" role="alert">
          {moreError.message}
        </p>
      )}
      <button
        type="button"
        class="button"
        // Not `disabled`, which would take the focus away.
        aria-disabled={isLoadingMore}
        onClick={() => {
          wasPressed.current = true;
          list.loadMore();
        }}
      >
        {isLoadingMore ? 'Loading …' : moreError === undefined ? 'Show older files' : 'Try again'}
      </button>
    </div>
  );
}
