import { useEffect } from 'preact/hooks';
import { recall, remember } from '../../state/entry-memory.ts';

/** Under this name the entry of the history keeps the address of the file that was opened from the list. */
const OPENED = 'openedFile';

/**
 * Leads whoever comes back from the page of a file to its place in the list: the browser has looked for the old place while
 * the list was not there yet.
 */
export function useReturnToFile(isListed: boolean): void {
  useEffect(() => {
    const onClick = ({ target }: MouseEvent) => {
      const link = target instanceof Element ? target.closest('.files a') : null;
      if (link !== null) remember(OPENED, link.getAttribute('href'));
    };
    window.addEventListener('click', onClick, { capture: true });
    return () => window.removeEventListener('click', onClick, { capture: true });
  }, []);
  useEffect(() => {
    const address = recall(OPENED);
    if (!isListed || typeof address !== 'string') return;
    remember(OPENED, undefined);
    // Who has gone to something else meanwhile is left there.
    if (document.activeElement?.matches('body, h1') !== true) return;
    const links = [...document.querySelectorAll<HTMLAnchorElement>('.files a')];
    const link = links.find((one) => one.getAttribute('href') === address);
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: 'center' });
  }, [isListed]);
}
