import { useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { call } from '../../api/client.ts';
import type { FileReply } from '../../api/reply-types.ts';
import { announce } from '../../components/announcements.tsx';
import { Icon } from '../../components/icon.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { formatCount, formatCounted } from '../../format/numbers.ts';
import { CorrectedFileDrop } from './corrected-file-drop.tsx';
import { saveReply } from './save-reply.ts';

/** How rejected rows come back: download, mend, drop. */
export function Corrections({ file }: { readonly file: FileReply }) {
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<ApiError>();
  const { fileId, rowsRejected, rowsCorrected } = file;
  const download = async () => {
    setSaving(true);
    setError(undefined);
    try {
      await saveReply(
        await call(`ingestion/files/${fileId}/rejects?format=csv`, { accept: 'text/csv' }),
        `file-${fileId}-rejects.csv`,
      );
      announce('Rejected rows downloaded');
    } catch (error) {
      setError(toApiError(error));
    } finally {
      setSaving(false);
    }
  };
  const isDone = rowsCorrected >= rowsRejected;
  return (
    <section class="card" aria-labelledby="corrections-title">
      <div class="card-head">
        <h2 id="corrections-title">Correct them</h2>
        <p class="small">
          {isDone ? (
            <span class="badge tone-ok">
              <Icon name="check" />
              all corrected
            </span>
          ) : (
            `${formatCount(rowsCorrected)} of ${formatCounted(rowsRejected, 'row')} corrected`
          )}
        </p>
      </div>
      <ProgressBar share={rowsCorrected / rowsRejected} label="Corrected rows" />
      <ol class="how-to">
        <li>
          <button
            type="button"
            class="button primary"
            // Not `disabled`, which would take the focus away.
            aria-disabled={isSaving}
            onClick={() => {
              if (!isSaving) void download();
            }}
          >
            <Icon name="download" />
            Download rejects (CSV)
          </button>
          {error === undefined ? null : (
            <p class="field-error" role="alert">
              {error.message}
            </p>
          )}
        </li>
        <li>
          Open it in a spreadsheet or an editor and mend the cells. Leave the columns <code>sluice_…</code> at the end
          as they are: they say what is wrong, and where each row came from. Rows that you cannot mend may go.
        </li>
        <li>
          Save it as CSV and bring it back:
          <CorrectedFileDrop />
        </li>
      </ol>
    </section>
  );
}
