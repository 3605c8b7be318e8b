import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../../components/icon.tsx';
import { addDropped, noteUnreadableDrop } from '../../uploads/add-dropped.ts';
import { droppedFiles } from '../../uploads/dropped-files.ts';
import { addUploads } from '../../uploads/uploads.ts';

/** Takes the corrected file, dropped anywhere on the page of its rejects: elsewhere a drop leads to the list of files. */
export function CorrectedFileDrop() {
  const zone = useRef<HTMLDivElement>(null);
  // Before the page is painted, so that whoever sees it can drop.
  useLayoutEffect(() => {
    const onDrop = (event: DragEvent) => {
      if (event.dataTransfer === null || !event.dataTransfer.types.includes('Files')) return;
      // Says to whoever takes files on every page that these are taken.
      event.preventDefault();
      droppedFiles(event.dataTransfer).then((dropped) => {
        addDropped(dropped);
        zone.current?.scrollIntoView({ block: 'nearest' });
      }, noteUnreadableDrop);
    };
    window.addEventListener('drop', onDrop, { capture: true });
    return () => window.removeEventListener('drop', onDrop, { capture: true });
  }, []);
  return (
    <div ref={zone} class="drop-zone">
      <Icon name="upload" />
      <span>Drop the corrected file anywhere on this page, or</span>
      <label class="button picker">
        choose it
        <input
          type="file"
          class="visually-hidden"
          accept=".csv,text/csv"
          onChange={({ currentTarget }) => {
            addUploads([...(currentTarget.files ?? [])]);
            // The same file may be chosen once more after another correction.
            currentTarget.value = '';
          }}
        />
      </label>
    </div>
  );
}
