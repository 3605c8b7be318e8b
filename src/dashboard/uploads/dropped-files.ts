import { type Dropped, MAX_DROPPED } from './folder-files.ts';
import { isTakenFromFolder } from './upload-name.ts';

/** The files of a drop, those in folders too. To be called within the event: afterwards the browser has forgotten them. */
export async function droppedFiles(transfer: DataTransfer): Promise<Dropped> {
  const entries = [...transfer.items].flatMap((item) => {
    if (item.kind !== 'file') return [];
    return [{ entry: item.webkitGetAsEntry(), file: item.getAsFile() }];
  });
  const files: File[] = [];
  let leftOut = 0;
  for (const { entry, file } of entries) {
    if (entry === null || entry.isFile) {
      if (file !== null) files.push(file);
      continue;
    }
    for await (const found of filesBelow(entry)) {
      if (files.length >= MAX_DROPPED || !isTakenFromFolder(found.name)) leftOut += 1;
      else files.push(found);
    }
  }
  return { files, leftOut };
}

async function* filesBelow(entry: FileSystemEntry): AsyncGenerator<File> {
  if (isFileEntry(entry)) {
    yield await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return;
  }
  if (!isDirectoryEntry(entry)) return;
  const reader = entry.createReader();
  while (true) {
    // A hundred at a time; none when all were given.
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const child of some) yield* filesBelow(child);
  }
}

const isFileEntry = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectoryEntry = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
