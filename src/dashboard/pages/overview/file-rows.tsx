import type { FileReply } from '../../api/reply-types.ts';
import { Moment } from '../../components/moment.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { isDiscarded } from '../../files/rejected-share.ts';
import { formatBytes } from '../../format/bytes.ts';
import { formatDuration } from '../../format/durations.ts';
import { formatCount, formatCounted } from '../../format/numbers.ts';
import { useMediaQuery } from '../../state/use-media-query.ts';
import { useNow } from '../../state/use-now.ts';
import { resultInWords } from '../../uploads/outcome.ts';

const AGES_EVERY_MS = 5000;

/** A table where there is room for one, else a card for each file. */
export function FileRows({ files }: { readonly files: readonly FileReply[] }) {
  const isNarrow = useMediaQuery('(width < 720px)');
  const now = useNow(AGES_EVERY_MS);
  return isNarrow ? <FileCards files={files} now={now} /> : <FileTable files={files} now={now} />;
}

interface RowsProps {
  readonly files: readonly FileReply[];
  readonly now: number;
}

function FileTable({ files, now }: RowsProps) {
  return (
    <div class="table-frame">
      <table class="table file-table">
        <caption class="visually-hidden">Files, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Rows loaded
            </th>
            <th scope="col" class="number">
              Rejected
            </th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col" class="number">
              Seen
            </th>
          </tr>
        </thead>
        <tbody>
          {files.map((file) => (
            <tr key={file.fileId}>
              <th scope="row" class="file-name">
                <FileLink file={file} />
                <Note file={file} />
              </th>
              <td>
                <StateBadge status={file.status} isDiscarded={isDiscarded(file)} />
              </td>
              <td class="number">{formatCount(file.rowsLoaded)}</td>
              <td class="number">
                <Rejected file={file} />
              </td>
              <td class="number">{formatBytes(file.sizeBytes)}</td>
              <td class="number">{file.durationMs === null ? '–' : formatDuration(file.durationMs)}</td>
              <td class="number">
                <Moment instant={file.discoveredAt} now={now} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FileCards({ files, now }: RowsProps) {
  return (
    <ul class="file-cards">
      {files.map((file) => (
        <li key={file.fileId}>
          <div class="file-card-head">
            <FileLink file={file} />
            <StateBadge status={file.status} isDiscarded={isDiscarded(file)} />
          </div>
          <p class="muted small">
            {formatCounted(file.rowsLoaded, 'row')} loaded, <Rejected file={file} /> rejected ·{' '}
            {formatBytes(file.sizeBytes)} ·{' '}
            {file.durationMs === null ? null : `took ${formatDuration(file.durationMs)} · `}
            <Moment instant={file.discoveredAt} now={now} />
          </p>
          <Note file={file} />
        </li>
      ))}
    </ul>
  );
}

function FileLink({ file }: { readonly file: FileReply }) {
  return <a href={`#/files/${file.fileId}`}>{file.name}</a>;
}

/** Why nothing of it was loaded, where that is so. */
function Note({ file }: { readonly file: FileReply }) {
  if (file.status !== 'failed' && file.status !== 'held' && file.status !== 'duplicate') return null;
  return <p class="file-note">{resultInWords(file)}</p>;
}

function Rejected({ file: { rowsRejected, rowsCorrected } }: { readonly file: FileReply }) {
  return (
    <>
      <span class={rowsRejected > rowsCorrected ? 'has-rejects' : ''}>{formatCount(rowsRejected)}</span>
      {rowsCorrected > 0 ? <span class="muted"> ({formatCount(rowsCorrected)} corrected)</span> : null}
    </>
  );
}
