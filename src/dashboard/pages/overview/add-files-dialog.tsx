import { useState } from 'preact/hooks';
import { Modal } from '../../components/modal.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { formatCounted } from '../../format/numbers.ts';
import { droppedFiles } from '../../uploads/dropped-files.ts';
import type { Dropped } from '../../uploads/folder-files.ts';
import { addUploads } from '../../uploads/uploads.ts';
import { CheckResults } from './check-results.tsx';
import { chosenText } from './chosen-text.ts';
import { FilePicker } from './file-picker.tsx';
import { PercentField, percentOf } from './percent-field.tsx';
import { useCheck } from './use-check.ts';

/** Picks files, with what can be decided before they are loaded; or has them checked only. */
export function AddFilesDialog({ onClose }: { readonly onClose: () => void }) {
  const [chosen, setChosen] = useState<Dropped | undefined>(undefined);
  const [percentText, setPercentText] = useState('');
  const [checksOnly, setChecksOnly] = useState(false);
  const { check, run, forget, fail } = useCheck();

  const files = chosen?.files ?? [];
  const percent = percentOf(percentText);
  const isReady = files.length > 0 && percent !== 'invalid';
  const choose = (next: Dropped) => {
    setChosen(next);
    forget();
  };
  const load = () => {
    if (files.length === 0 || percent === 'invalid') return;
    addUploads(files, { maxRejectPercent: percent });
    onClose();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!checksOnly) load();
    // The button can be pressed while a check runs: disabled, it would drop the focus behind the dialog.
    else if (files.length > 0 && percent !== 'invalid' && check.phase !== 'running') run(files, percent);
  };
  const count = files.length === 0 ? 'files' : formatCounted(files.length, 'file');
  return (
    <Modal title="Add files" isWide onClose={onClose} onDrop={(transfer) => droppedFiles(transfer).then(choose, fail)}>
      <form class="stack" onSubmit={submit}>
        <FilePicker onChoose={choose} />
        <p class="chosen" role="status">
          {chosenText(chosen)}
        </p>
        <PercentField
          value={percentText}
          onInput={(text) => {
            setPercentText(text);
            // A file that is held by one share is loaded by another.
            forget();
          }}
        />
        <label class="check-line">
          <input
            type="checkbox"
            checked={checksOnly}
            onChange={(event) => {
              setChecksOnly(event.currentTarget.checked);
              forget();
            }}
          />
          <span>
            Check only <span class="muted">– tells what loading would find, and keeps nothing</span>
          </span>
        </label>
        {check.phase === 'running' ? <ProgressBar share={undefined} label="Checking the files" /> : null}
        {check.phase === 'failed' ? (
          <p class="field-error" role="alert">
            {check.error.message}
          </p>
        ) : null}
        {check.phase === 'done' ? <CheckResults results={check.results} /> : null}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            {check.phase === 'done' ? 'Close' : 'Cancel'}
          </button>
          {check.phase === 'done' ? (
            <button type="button" class="button primary" onClick={load}>
              Load {count} now
            </button>
          ) : (
            <button type="submit" class="button primary" disabled={!isReady}>
              {checksOnly ? 'Check' : 'Load'} {count}
            </button>
          )}
        </div>
      </form>
    </Modal>
  );
}
