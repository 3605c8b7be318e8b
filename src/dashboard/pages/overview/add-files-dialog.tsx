import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import type { ValidationReply } from '../../api/reply-types.ts';
import { validateFiles } from '../../api/validation.ts';
import { announce } from '../../components/announcements.tsx';
import { Icon } from '../../components/icon.tsx';
import { Modal } from '../../components/modal.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { formatBytes } from '../../format/bytes.ts';
import { formatCounted } from '../../format/numbers.ts';
import { droppedFiles } from '../../uploads/dropped-files.ts';
import { isTakenFromFolder } from '../../uploads/upload-name.ts';
import { addUploads } from '../../uploads/uploads.ts';
import { CheckResults } from './check-results.tsx';

type Check =
  | { readonly phase: 'none' }
  | { readonly phase: 'running' }
  | { readonly phase: 'done'; readonly results: readonly ValidationReply[] }
  | { readonly phase: 'failed'; readonly error: ApiError };

/** Picks files, with what can be decided before they are loaded; or has them checked only. */
export function AddFilesDialog({ onClose }: { readonly onClose: () => void }) {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [percent, setPercent] = useState('');
  const [checksOnly, setChecksOnly] = useState(false);
  const [check, setCheck] = useState<Check>({ phase: 'none' });
  const checking = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => checking.current?.abort(), []);

  const maxRejectPercent = percent.trim() === '' ? undefined : Number(percent);
  const isPercentValid = maxRejectPercent === undefined || (maxRejectPercent >= 0 && maxRejectPercent <= 100);
  const choose = (chosen: readonly File[]) => {
    setFiles(chosen);
    setCheck({ phase: 'none' });
  };
  const runCheck = async () => {
    const controller = new AbortController();
    checking.current = controller;
    setCheck({ phase: 'running' });
    try {
      const results = await validateFiles(files, { maxRejectPercent, signal: controller.signal });
      setCheck({ phase: 'done', results });
      announce(`${formatCounted(results.length, 'file')} checked`);
    } catch (error) {
      if (!controller.signal.aborted) setCheck({ phase: 'failed', error: toApiError(error) });
    }
  };
  const load = () => {
    addUploads(files, { maxRejectPercent });
    onClose();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (files.length === 0 || !isPercentValid) return;
    if (checksOnly) void runCheck();
    else load();
  };
  const onDrop = (transfer: DataTransfer) => {
    droppedFiles(transfer).then(
      ({ files: dropped }) => choose(dropped),
      (error: unknown) => setCheck({ phase: 'failed', error: toApiError(error) }),
    );
  };
  const total = files.reduce((bytes, { size }) => bytes + size, 0);
  const count = files.length === 0 ? 'files' : formatCounted(files.length, 'file');
  return (
    <Modal title="Add files" isWide onClose={onClose} onDrop={onDrop}>
      <form class="stack" onSubmit={submit}>
        <FilePicker onChoose={choose} />
        <p class="chosen" role="status">
          {files.length === 0
            ? 'Nothing chosen yet. You can also drop files here.'
            : `${namesOf(files)} (${formatBytes(total)})`}
        </p>
        <PercentField value={percent} isValid={isPercentValid} onInput={setPercent} />
        <label class="check-line">
          <input
            type="checkbox"
            checked={checksOnly}
            onChange={(event) => {
              setChecksOnly(event.currentTarget.checked);
              setCheck({ phase: 'none' });
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
            <button
              type="submit"
              class="button primary"
              disabled={files.length === 0 || !isPercentValid || check.phase === 'running'}
            >
              {checksOnly ? 'Check' : 'Load'} {count}
            </button>
          )}
        </div>
      </form>
    </Modal>
  );
}

function FilePicker({ onChoose }: { readonly onChoose: (files: readonly File[]) => void }) {
  return (
    <div class="pickers">
      <label class="button picker">
        <Icon name="file" />
        Choose files
        <input
          type="file"
          class="visually-hidden"
          multiple
          accept=".csv,.gz,.txt,.tsv,text/csv"
          onChange={(event) => onChoose([...(event.currentTarget.files ?? [])])}
        />
      </label>
      <label class="button picker">
        <Icon name="folder" />
        Choose a folder
        <input
          type="file"
          class="visually-hidden"
          // Known to every browser, but to no standard, and so to no type.
          ref={(input) => input?.setAttribute('webkitdirectory', '')}
          onChange={(event) =>
            onChoose([...(event.currentTarget.files ?? [])].filter(({ name }) => isTakenFromFolder(name)))
          }
        />
      </label>
    </div>
  );
}

function PercentField(props: {
  readonly value: string;
  readonly isValid: boolean;
  readonly onInput: (text: string) => void;
}) {
  const id = useId();
  const hintId = useId();
  return (
    <div class="field">
      <label for={id}>Hold a file if more than this share of its rows is rejected</label>
      <span class="percent-input">
        <input
          id={id}
          type="text"
          inputMode="decimal"
          value={props.value}
          placeholder="such as 5"
          aria-describedby={hintId}
          aria-invalid={!props.isValid}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />{' '}
        %
      </span>
      <p id={hintId} class={props.isValid ? 'field-hint' : 'field-error'}>
        {props.isValid
          ? 'No row of a held file is visible until you release it. Empty: as the service is set.'
          : 'A number from 0 to 100, such as 5 or 0.5.'}
      </p>
    </div>
  );
}

const SHOWN_NAMES = 3;

function namesOf(files: readonly File[]): string {
  const names = files.slice(0, SHOWN_NAMES).map(({ name }) => name);
  const rest = files.length - names.length;
  return rest === 0 ? names.join(', ') : `${names.join(', ')} and ${formatCounted(rest, 'other file')}`;
}
