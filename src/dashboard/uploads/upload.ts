import type { FileReply } from '../api/reply-types.ts';
import type { Load } from './load.ts';
import type { Sample } from './rate.ts';

/** What is known of one file that somebody dropped or picked. */
export interface Upload {
  readonly id: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly maxRejectPercent: number | undefined;
  /** how often its sending broke off */
  readonly losses: number;
  readonly state: UploadState;
}

export type UploadState =
  /** for its turn */
  | { readonly phase: 'waiting' }
  | { readonly phase: 'sending'; readonly sentBytes: number; readonly samples: readonly Sample[] }
  /** it is sent again at `retryAt`, ms since 1970; `request`: why the server asked to wait, undefined where the connection broke */
  | { readonly phase: 'pausing'; readonly retryAt: number; readonly request: string | undefined }
  /** the server has it: its own state says the rest */
  | { readonly phase: 'taken'; readonly file: FileReply; readonly load: Load }
  | { readonly phase: 'refused'; readonly message: string; readonly remedy: Remedy }
  | { readonly phase: 'cancelled' };

/** What has it sent after all: nothing, somebody who presses the button, or the key. */
export type Remedy = 'none' | 'send-again' | 'key';

const TERMINAL: ReadonlySet<FileReply['status']> = new Set(['loaded', 'failed', 'duplicate', 'held', 'reverted']);

export const isTerminal = ({ status }: FileReply): boolean => TERMINAL.has(status);

/** Nothing more becomes of it by itself. */
export function isOver({ state }: Upload): boolean {
  if (state.phase === 'taken') return isTerminal(state.file);
  return state.phase === 'refused' || state.phase === 'cancelled';
}

/** The server has not said yet that it has it. */
export const isOpen = ({ state: { phase } }: Upload): boolean =>
  phase === 'waiting' || phase === 'pausing' || phase === 'sending';

export const isAllSent = ({ state, sizeBytes }: Upload): boolean =>
  state.phase === 'sending' && sizeBytes > 0 && state.sentBytes >= sizeBytes;

/** Once the server may have all of it, nobody could say any more that it was stopped. */
export const isCancellable = (upload: Upload): boolean => isOpen(upload) && !isAllSent(upload);
