import type { FileReply } from '../../api/reply-types.ts';
import type { IconName } from '../../components/icon-paths.ts';
import { isDiscarded } from '../../files/rejected-share.ts';
import { formatDuration } from '../../format/durations.ts';

export interface TimelineStep {
  readonly title: string;
  readonly icon: IconName;
  readonly tone: 'ok' | 'bad' | 'warn' | 'busy' | 'calm';
  /** undefined: it has not come to this yet */
  readonly at: string | undefined;
  /** how long it took to get here */
  readonly took: string | undefined;
}

type Look = Pick<TimelineStep, 'title' | 'icon' | 'tone'>;

const DISCOVERED = {
  directory: { title: 'Found in the folder', icon: 'folder', tone: 'calm' },
  upload: { title: 'Uploaded', icon: 'upload', tone: 'calm' },
  cli: { title: 'Given to the load command', icon: 'file', tone: 'calm' },
} as const satisfies Record<FileReply['origin'], Look>;

/** What came of a load; where it was taken out later, what it had been before that is not kept. */
const ENDED = {
  queued: { title: 'Finished', icon: 'check', tone: 'calm' },
  loading: { title: 'Finished', icon: 'check', tone: 'calm' },
  loaded: { title: 'Loaded', icon: 'check', tone: 'ok' },
  failed: { title: 'Failed', icon: 'cross', tone: 'bad' },
  duplicate: { title: 'Recognised as a duplicate', icon: 'copies', tone: 'calm' },
  held: { title: 'Held: too many rejects', icon: 'pause', tone: 'warn' },
  reverted: { title: 'Finished', icon: 'check', tone: 'calm' },
} as const satisfies Record<FileReply['status'], Look>;

/** The story of a file: discovered → started → ended, and → taken out or discarded where that happened. */
export function timelineSteps(file: FileReply): TimelineStep[] {
  const { discoveredAt, startedAt, finishedAt, revertedAt, status, origin, attempts } = file;
  const again = attempts > 1 ? `, attempt ${attempts}` : '';
  const steps: TimelineStep[] = [
    { ...DISCOVERED[origin], at: discoveredAt, took: undefined },
    {
      title: startedAt === null ? 'Waits for a free loader' : `Load started${again}`,
      icon: startedAt === null ? 'clock' : 'loading',
      tone: status === 'loading' ? 'busy' : 'calm',
      at: startedAt ?? undefined,
      took: between(discoveredAt, startedAt, 'waited'),
    },
  ];
  // One whose name could not even be opened ended without having been started.
  if (startedAt === null && finishedAt !== null) steps.pop();
  steps.push({
    ...ENDED[isDiscarded(file) ? 'held' : status],
    at: finishedAt ?? undefined,
    took: between(startedAt ?? discoveredAt, finishedAt, 'took'),
  });
  if (status === 'reverted' && revertedAt !== null) {
    const last: Look = isDiscarded(file)
      ? { title: 'Discarded', icon: 'close', tone: 'calm' }
      : { title: 'Rows taken out', icon: 'undo', tone: 'calm' };
    steps.push({ ...last, at: revertedAt, took: undefined });
  }
  return steps;
}

function between(from: string | null, to: string | null, verb: string): string | undefined {
  if (from === null || to === null) return undefined;
  // A file that is retried was discovered before, and keeps the time of its first start.
  return `${verb} ${formatDuration(Math.max(0, Date.parse(to) - Date.parse(from)))}`;
}
