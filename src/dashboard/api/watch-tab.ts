/**
 * Tells when this tab has been out of sight for so long that it is not just a look elsewhere, and when it is seen again
 * after that. A tab that was opened in the background counts as seen for the same while.
 */
export function watchTab(awayAfterMs: number, tell: { away(): void; back(): void }): void {
  let timer: number | undefined;
  let isAway = false;
  const look = () => {
    window.clearTimeout(timer);
    if (document.visibilityState === 'hidden') {
      timer = window.setTimeout(() => {
        isAway = true;
        tell.away();
      }, awayAfterMs);
    } else if (isAway) {
      isAway = false;
      tell.back();
    }
  };
  document.addEventListener('visibilitychange', look);
  look();
}
