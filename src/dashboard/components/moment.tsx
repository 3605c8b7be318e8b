import { formatAgo, formatExact } from '../format/moments.ts';

/** How long ago something was, with the exact time behind it. */
export function Moment({ instant, now }: { readonly instant: string; readonly now: number }) {
  return (
    <time dateTime={instant} title={formatExact(instant)}>
      {formatAgo(instant, now)}
    </time>
  );
}
