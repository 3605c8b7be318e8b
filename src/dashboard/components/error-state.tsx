import type { ApiError } from '../api/api-error.ts';
import { Icon } from './icon.tsx';

/** In the place of what could not be read: why, and a button to try again. */
export function ErrorState({ error, onRetry }: { readonly error: ApiError; readonly onRetry: () => void }) {
  return (
    <div class="error-state" role="alert">
      <Icon name="alert" />
      <p>{error.message}</p>
      <button type="button" class="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
