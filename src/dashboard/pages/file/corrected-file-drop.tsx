import { useState } from 'preact/hooks';
import { announce } from '../../components/announcements.tsx';
import { Icon } from '../../components/icon.tsx';
import { droppedFiles } from '../../uploads/dropped-files.ts';
import { addUploads } from '../../uploads/uploads.ts';

/** Takes the corrected file here, where its rejects are: dropped elsewhere it would lead away to the list of files. */
export function CorrectedFileDrop() {
  const [isOver, setOver] = useState(false);
  const onDrop = (event: DragEvent) => {
    setOver(false);
    if (event.dataTransfer === null) return;
    // Says to whoever takes files on the whole page that these are taken.
    event.preventDefault();
    droppedFiles(event.dataTransfer).then(
      ({ files }) => addUploads(files),
      (error: unknown) => announce(`The file could not be read: ${String(error)}`),
    );
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: whoever has no mouse takes the button inside
    <div
      class={isOver ? 'drop-zone is-over' : 'drop-zone'}
      onDragOver={() => setOver(true)}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <Icon name="upload" />
      <span>Drop the corrected file here, or</span>
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
