import { formatCounted } from '../format/numbers.ts';
import { outcomeInWords } from './outcome.ts';
import { isOver, type Upload } from './upload.ts';
import type { UploadQueue } from './upload-queue.ts';

/** What a screen reader is told of an event: which files have come to an end by it, and which; undefined where none has. */
export function uploadNews(before: UploadQueue, after: UploadQueue): string | undefined {
  if (before === after) return undefined;
  const known = new Map(before.map((upload) => [upload.id, upload]));
  const news = after.flatMap((upload) => {
    const earlier = known.get(upload.id);
    return earlier !== undefined && isOver(earlier) ? [] : (endInWords(upload) ?? []);
  });
  const [first, ...others] = news;
  // Nobody listens to fifty sentences: the others stand in their rows.
  return others.length === 0 ? first : `${first} And ${formatCounted(others.length, 'other file')}.`;
}

function endInWords({ name, state, ...upload }: Upload): string | undefined {
  if (state.phase === 'refused') return `${name}: not sent: ${state.message}`;
  return state.phase === 'taken' && isOver({ name, state, ...upload }) ? outcomeInWords(state.file) : undefined;
}
