import type { ApiError } from './api-error.ts';

export type Connection =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  /** `retryAt` in ms since 1970; `refusal`: what the server said, undefined where nobody answered */
  | { readonly phase: 'waiting'; readonly retryAt: number; readonly refusal: ApiError | undefined }
  /** the tab is out of sight */
  | { readonly phase: 'resting' }
  /** the key is missing or wrong; it goes on when one was entered */
  | { readonly phase: 'locked' };
