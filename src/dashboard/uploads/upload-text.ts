import { formatBytes } from '../format/bytes.ts';
import { loadText, speedParts } from './load.ts';
import { resultInWords } from './outcome.ts';
import { isAllSent, type Upload } from './upload.ts';

/** What a row of the list of uploads says. */
export interface UploadText {
  readonly words: string;
  /** 0 to 1; `unknown` where it runs but nobody can tell how far; undefined where nothing runs */
  readonly share: number | 'unknown' | undefined;
}

export function uploadText(upload: Upload, now: number): UploadText {
  const { state, sizeBytes, losses } = upload;
  switch (state.phase) {
    case 'waiting':
      return { words: 'waiting for its turn to be sent', share: 0 };
    case 'sending': {
      if (isAllSent(upload)) return { words: 'sent; Sluice is writing it down', share: 1 };
      const amount = `${formatBytes(state.sentBytes)} of ${formatBytes(sizeBytes)} sent`;
      return {
        words: [amount, ...speedParts(state.samples, sizeBytes)].join(' · '),
        share: sizeBytes === 0 ? 'unknown' : state.sentBytes / sizeBytes,
      };
    }
    case 'pausing': {
      const again = `in ${Math.max(1, Math.ceil((state.retryAt - now) / 1000))} s`;
      const words =
        state.request === undefined
          ? `the connection broke (${losses}×); sending again ${again}`
          : `${state.request} It is sent again ${again}.`;
      return { words, share: undefined };
    }
    case 'taken':
      return takenText(state);
    case 'refused':
      return { words: state.message, share: undefined };
    case 'cancelled':
      // A connection that broke says nothing of what had come through it.
      return { words: 'cancelled; if it had arrived before, it is in the list', share: undefined };
  }
}

function takenText({ file, load }: Extract<Upload['state'], { phase: 'taken' }>): UploadText {
  if (file.status !== 'loading') return { words: resultInWords(file), share: file.status === 'queued' ? 0 : undefined };
  const { parts, share } = loadText(load, file);
  return { words: share === 'unknown' ? resultInWords(file) : parts.join(' · '), share };
}
