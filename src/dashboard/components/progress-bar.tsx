/** `share` from 0 to 1; undefined where it is not known how much there is to do. */
export function ProgressBar({ share, label }: { readonly share: number | undefined; readonly label: string }) {
  // Without a value the browser shows that something is going on.
  const value = share === undefined ? {} : { value: Math.min(1, Math.max(0, share)) };
  return <progress class="progress" max={1} aria-label={label} {...value} />;
}
