import { useState } from 'preact/hooks';
import { Icon } from '../../components/icon.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { UploadPanel } from '../../uploads/upload-panel.tsx';
import { AddFilesDialog } from './add-files-dialog.tsx';
import { FileSection } from './file-section.tsx';
import { LivePlots } from './live-plots.tsx';
import './overview.css';
import { Tiles } from './tiles.tsx';

export function OverviewPage() {
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <PageHead title="Files">
        <div class="head-actions">
          <span class="muted small wide-only">Drop CSV files anywhere on this page, or</span>
          <button type="button" class="button primary" onClick={() => setAdding(true)}>
            <Icon name="upload" />
            Add files
          </button>
        </div>
      </PageHead>
      <UploadPanel />
      <Tiles />
      <LivePlots />
      <FileSection onAdd={() => setAdding(true)} />
      {isAdding ? <AddFilesDialog onClose={() => setAdding(false)} /> : null}
    </>
  );
}
