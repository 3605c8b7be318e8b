import type { ComponentChildren } from 'preact';

/** Lets a table that is wider than the screen scroll by itself; with the keyboard too, hence the focus. */
export function TableFrame({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be set apart like those of the page
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled with a finger has to be so with the arrow keys
    <div class="table-frame" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
