import { useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { readFile } from '../../api/files.ts';
import type { FileReply, FileStatus } from '../../api/reply-types.ts';
import { announce } from '../../components/announcements.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { isDiscarded } from '../../files/rejected-share.ts';
import { useLiveEvent } from '../../state/use-live-event.ts';
import { useResource } from '../../state/use-resource.ts';
import { UploadPanel } from '../../uploads/upload-panel.tsx';
import { Corrections } from './corrections.tsx';
import { FileActions } from './file-actions.tsx';
import { FileCounts } from './file-counts.tsx';
import { FileFacts } from './file-facts.tsx';
import { CalmNotice, FileNotice } from './file-notice.tsx';
import { FileProgress } from './load-progress.tsx';
import { RejectReasons } from './reject-reasons.tsx';
import { RejectedRows } from './rejected-rows.tsx';
import { Timeline } from './timeline.tsx';
import './file-page.css';

/** With very many rows. */
const UNDER_WAY = 'It takes longer than a minute and goes on. This page changes when it is done.';

/** Everything about one file, live. */
export function FilePage({ fileId }: { readonly fileId: number }) {
  const file = useResource((signal) => readFile(fileId, signal), [fileId]);
  useLiveEvent('file', (change) => {
    if (change.fileId !== fileId) return;
    // A reading that is on its way may be older than this change.
    if (file.isLoading) file.reload();
    else file.replace(() => change);
  });
  /** the state in which the server has begun to do what was asked, and has answered before the end */
  const [begunIn, setBegunIn] = useState<FileStatus>();
  const { value, error } = file;
  const isUnknown = error?.status === 404;
  const isUnderWay = begunIn !== undefined && value?.status === begunIn;
  return (
    <>
      <nav class="small" aria-label="Back">
        <Link href="/">All files</Link>
      </nav>
      {/* One heading for all that the page may become: it has the focus after a change of page. */}
      <PageHead title={isUnknown ? `There is no file ${fileId}` : (value?.name ?? `File ${fileId}`)}>
        {value === undefined ? null : (
          <div class="head-side">
            <StateBadge status={value.status} isDiscarded={isDiscarded(value)} />
            <FileActions
              file={value}
              isUnderWay={isUnderWay}
              onChanged={(changed) => file.replace(() => changed)}
              onUnderWay={() => {
                setBegunIn(value.status);
                announce(UNDER_WAY);
              }}
            />
          </div>
        )}
      </PageHead>
      {isUnderWay ? <CalmNotice icon="clock">{UNDER_WAY}</CalmNotice> : null}
      {isUnknown ? <UnknownFile /> : null}
      {error === undefined || isUnknown ? null : <ErrorState error={error} onRetry={file.reload} />}
      {value === undefined && error === undefined ? <Skeleton lines={8} label="Reading the file" /> : null}
      {value === undefined || isUnknown ? null : <KnownFile file={value} />}
    </>
  );
}

function KnownFile({ file }: { readonly file: FileReply }) {
  const [reason, setReason] = useState('');
  const rows = useRef<HTMLDivElement>(null);
  const chooseReason = (reason: string) => {
    setReason(reason);
    rows.current?.scrollIntoView();
  };
  const isOpen = file.status === 'queued' || file.status === 'loading';
  return (
    <>
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

function UnknownFile() {
  return (
    <EmptyState icon="search" title="No file has this number">
      It may belong to another database. <Link href="/">All files</Link> are listed on the first page.
    </EmptyState>
  );
}
