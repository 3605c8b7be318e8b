import { type IconName, PATHS } from './icon-paths.ts';

export type { IconName };

/** A picture beside words that say the same: readers of the screen pass over it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
