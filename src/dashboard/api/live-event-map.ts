import type { FileReply, LoadProgress, Stats } from './reply-types.ts';

/** What each event of the stream carries, by its name. */
export interface LiveEventMap {
  readonly file: FileReply;
  readonly stats: Stats;
  readonly progress: LoadProgress;
}
