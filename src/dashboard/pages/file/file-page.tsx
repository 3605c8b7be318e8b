import { useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { readFile } from '../../api/files.ts';
import type { FileReply } from '../../api/reply-types.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useLiveEvent } from '../../state/use-live-event.ts';
import { useResource } from '../../state/use-resource.ts';
import { UploadPanel } from '../../uploads/upload-panel.tsx';
import { Corrections } from './corrections.tsx';
import { FileActions } from './file-actions.tsx';
import { FileCounts } from './file-counts.tsx';
import { FileFacts } from './file-facts.tsx';
import { FileNotice } from './file-notice.tsx';
import { FileProgress } from './load-progress.tsx';
import { RejectReasons } from './reject-reasons.tsx';
import { RejectedRows } from './rejected-rows.tsx';
import { Timeline } from './timeline.tsx';
import './file-page.css';

/** Everything about one file, live. */
export function FilePage({ fileId }: { readonly fileId: number }) {
  const file = useResource((signal) => readFile(fileId, signal), [fileId]);
  useLiveEvent('file', (change) => {
    if (change.fileId !== fileId) return;
    // A reading that is on its way may be older than this change.
    if (file.isLoading) file.reload();
    else file.replace(() => change);
  });
  if (file.error?.status === 404) return <UnknownFile fileId={fileId} />;
  return (
    <>
      {file.value === undefined ? <PageHead title={`File ${fileId}`} /> : null}
      {file.error === undefined ? null : <ErrorState error={file.error} onRetry={file.reload} />}
      {file.value === undefined && file.error === undefined ? <Skeleton lines={8} label="Reading the file" /> : null}
      {file.value === undefined ? null : (
        <KnownFile file={file.value} onChanged={(changed) => file.replace(() => changed)} />
      )}
    </>
  );
}

function KnownFile({ file, onChanged }: { readonly file: FileReply; onChanged(file: FileReply): void }) {
  const [reason, setReason] = useState('');
  const rows = useRef<HTMLDivElement>(null);
  const chooseReason = (reason: string) => {
    setReason(reason);
    rows.current?.scrollIntoView();
  };
  const isOpen = file.status === 'queued' || file.status === 'loading';
  return (
    <>
      <nav class="small" aria-label="Back">
        <Link href="/">All files</Link>
      </nav>
      <PageHead title={file.name}>
        <div class="head-side">
          <StateBadge status={file.status} />
          <FileActions file={file} onChanged={onChanged} />
        </div>
      </PageHead>
      <FileNotice file={file} />
      {isOpen ? <FileProgress file={file} /> : null}
      <FileCounts file={file} />
      <div class="file-columns">
        <Timeline file={file} />
        <FileFacts file={file} />
      </div>
      {file.rowsRejected === 0 ? null : (
        <>
          <Corrections file={file} />
          <UploadPanel />
          <RejectReasons file={file} onChoose={chooseReason} />
          <div ref={rows}>
            <RejectedRows file={file} reason={reason} onReason={setReason} />
          </div>
        </>
      )}
    </>
  );
}

function UnknownFile({ fileId }: { readonly fileId: number }) {
  return (
    <>
      <PageHead title={`There is no file ${fileId}`} />
      <EmptyState icon="search" title="No file has this number">
        It may belong to another database. <Link href="/">All files</Link> are listed on the first page.
      </EmptyState>
    </>
  );
}
