import { Icon } from '../../components/icon.tsx';
import { type Dropped, fromFolder } from '../../uploads/folder-files.ts';

/** Two buttons: files, or a folder of them. */
export function FilePicker({ onChoose }: { readonly onChoose: (chosen: Dropped) => void }) {
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
          onChange={({ currentTarget }) => onChoose({ files: takenFrom(currentTarget), leftOut: 0 })}
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
          onChange={({ currentTarget }) => onChoose(fromFolder(takenFrom(currentTarget)))}
        />
      </label>
    </div>
  );
}

/** The same file may be chosen once more after it was mended: to an input that still has it, that would be no change. */
function takenFrom(input: HTMLInputElement): readonly File[] {
  const files = [...(input.files ?? [])];
  input.value = '';
  return files;
}
