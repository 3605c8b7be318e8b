import { useEffect, useRef, useState } from 'preact/hooks';
import { callJson } from '../../api/client.ts';
import type { FileReply } from '../../api/reply-types.ts';
import { announce } from '../../components/announcements.tsx';
import { Icon } from '../../components/icon.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { actionsFor, type FileAction } from './file-action.ts';

export interface FileActionsProps {
  readonly file: FileReply;
  /** while one of them goes on, another would be refused */
  readonly isUnderWay: boolean;
  onChanged(file: FileReply): void;
  /** the server has answered before it was done; the page hears of the end by a live event */
  onUnderWay(): void;
}

/** What can be done with a file in its state, each asked about once more before it is done. */
export function FileActions({ file, isUnderWay, onChanged, onUnderWay }: FileActionsProps) {
  const [asked, setAsked] = useState<FileAction>();
  const isDone = useRef(false);
  useEffect(() => {
    if (asked !== undefined || !isDone.current) return;
    isDone.current = false;
    // The button that was pressed has gone with the state that it was for; until the dialog is closed nothing else takes the focus.
    document.querySelector('h1')?.focus();
  }, [asked]);
  const perform = async ({ method, path, done }: FileAction) => {
    const changed = await callJson<FileReply>(`ingestion/files/${file.fileId}${path}`, { method });
    onChanged(changed);
    if (changed.status === file.status) onUnderWay();
    else announce(done);
    isDone.current = true;
    setAsked(undefined);
  };
  return (
    <div class="actions">
      {(isUnderWay ? [] : actionsFor(file)).map((action) => (
        <button key={action.label} type="button" class={`button ${action.tone}`} onClick={() => setAsked(action)}>
          <Icon name={action.icon} />
          {action.label}
        </button>
      ))}
      {asked === undefined ? null : (
        <ConfirmDialog action={asked} onConfirm={() => perform(asked)} onClose={() => setAsked(undefined)} />
      )}
    </div>
  );
}
