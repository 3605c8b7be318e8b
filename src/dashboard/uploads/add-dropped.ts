import { formatCounted } from '../format/numbers.ts';
import { type Dropped, LEFT_OUT, NO_FILE } from './folder-files.ts';
import { addUploads, noteRefusal } from './uploads.ts';

/** Sends what was dropped, and shows among the uploads what is not sent. */
export function addDropped({ files, leftOut }: Dropped): void {
  addUploads(files);
  if (leftOut > 0)
    noteRefusal(`${formatCounted(leftOut, files.length === 0 ? 'file' : 'other file')} of the folder`, LEFT_OUT);
  else if (files.length === 0) noteRefusal('What was dropped', NO_FILE);
}

export function noteUnreadableDrop(error: unknown): void {
  noteRefusal('What was dropped', `It could not be read: ${error instanceof Error ? error.message : String(error)}`);
}
