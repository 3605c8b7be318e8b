import { useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { Modal } from '../../components/modal.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import type { FileAction } from './file-action.ts';

export interface ConfirmDialogProps {
  readonly action: FileAction;
  /** does it; the dialog stays with what went wrong where this rejects */
  onConfirm(): Promise<void>;
  onClose(): void;
}

/** Says what will happen and asks once more; then shows that it is being done, and what went wrong. */
export function ConfirmDialog({ action, onConfirm, onClose }: ConfirmDialogProps) {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<ApiError>();
  const confirm = async () => {
    setRunning(true);
    setError(undefined);
    try {
      await onConfirm();
    } catch (error) {
      setError(toApiError(error));
      setRunning(false);
    }
  };
  return (
    // While it is done nobody can close it: whether it worked would be left open.
    <Modal title={action.question} {...(isRunning ? {} : { onClose })}>
      <ul class="consequences">
        {action.consequences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {isRunning ? (
        <div role="status">
          <p class="small">{action.running}</p>
          <ProgressBar share={undefined} label={action.running} />
        </div>
      ) : null}
      {error === undefined ? null : (
        <p class="field-error" role="alert">
          {error.message}
        </p>
      )}
      <div class="actions">
        {/* First, so that it has the focus when the dialog opens: Enter alone changes nothing. */}
        <button type="button" class="button" disabled={isRunning} onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class={`button ${action.tone}`}
          // Not `disabled`, which would take the focus out of the dialog while it is done.
          aria-disabled={isRunning}
          onClick={() => {
            if (!isRunning) void confirm();
          }}
        >
          {action.confirm}
        </button>
      </div>
    </Modal>
  );
}
