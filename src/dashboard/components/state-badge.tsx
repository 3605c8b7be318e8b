import type { FileStatus } from '../api/reply-types.ts';
import { Icon, type IconName } from './icon.tsx';

interface Look {
  readonly words: string;
  readonly icon: IconName;
  readonly tone: 'ok' | 'bad' | 'warn' | 'busy' | 'calm';
}

/** How each state looks; told apart by picture and word, not by colour alone. */
export const STATE_LOOKS = {
  queued: { words: 'queued', icon: 'clock', tone: 'calm' },
  loading: { words: 'loading', icon: 'loading', tone: 'busy' },
  loaded: { words: 'loaded', icon: 'check', tone: 'ok' },
  failed: { words: 'failed', icon: 'cross', tone: 'bad' },
  duplicate: { words: 'duplicate', icon: 'copies', tone: 'calm' },
  held: { words: 'held', icon: 'pause', tone: 'warn' },
  reverted: { words: 'taken out', icon: 'undo', tone: 'calm' },
} as const satisfies Record<FileStatus, Look>;

const DISCARDED: Look = { words: 'discarded', icon: 'close', tone: 'calm' };

export interface StateBadgeProps {
  readonly status: FileStatus;
  /** that a file was never in, and is not to come: the server has one state for it and for what was taken out */
  readonly isDiscarded?: boolean;
}

export function StateBadge({ status, isDiscarded = false }: StateBadgeProps) {
  const { words, icon, tone } = isDiscarded ? DISCARDED : STATE_LOOKS[status];
  return (
    <span class={`badge tone-${tone}`}>
      <Icon name={icon} />
      {words}
    </span>
  );
}
