import type { FileStatus } from '../api/reply-types.ts';

/** As they follow on each other in the life of a file. */
export const FILE_STATES = [
  'queued',
  'loading',
  'loaded',
  'failed',
  'held',
  'duplicate',
  'reverted',
] as const satisfies readonly FileStatus[];

/** Empty, which stands for all, where it is none of them. */
export const stateFrom = (text: unknown): FileStatus | '' => FILE_STATES.find((state) => state === text) ?? '';
