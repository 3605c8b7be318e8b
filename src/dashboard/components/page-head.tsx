import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

let isFirstPage = true;

/** The heading of a page, which becomes the title of the tab; after a change of page the focus goes there, and the page begins at its top. */
export function PageHead({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Sluice`;
  }, [title]);
  useEffect(() => {
    // When the page was just opened, focus and place are where the browser puts them.
    if (!isFirstPage) {
      heading.current?.focus({ preventScroll: true });
      // All pages are one document, which would stay where the page before was scrolled to.
      window.scrollTo(0, 0);
    }
    isFirstPage = false;
  }, []);
  return (
    <div class="page-head">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}
