import { useLayoutEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { Icon } from '../components/icon.tsx';
import { addDropped, noteUnreadableDrop } from './add-dropped.ts';
import { droppedFiles } from './dropped-files.ts';

/** Takes files wherever they are dropped, on any page; shows so while they hang over it. */
export function DropOverlay() {
  const [isOver, setOver] = useState(false);
  const [, navigate] = useLocation();
  // Before the page is painted, so that whoever sees it can drop.
  useLayoutEffect(() => {
    const take = async (transfer: DataTransfer) => {
      addDropped(await droppedFiles(transfer));
      // Where its progress is to be seen.
      navigate('/');
    };
    const onDragOver = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      // Else the browser would leave the page and show the file.
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent) => {
      // It comes for each element that is left; out of the window there is no next one.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      // A place on a page that takes them itself has said so.
      if (!holdsFiles(event) || event.dataTransfer === null || event.defaultPrevented) return;
      event.preventDefault();
      take(event.dataTransfer).catch(noteUnreadableDrop);
    };
    const listening = new AbortController();
    const { signal } = listening;
    window.addEventListener('dragenter', onDragOver, { signal });
    window.addEventListener('dragover', onDragOver, { signal });
    window.addEventListener('dragleave', onDragLeave, { signal });
    // On its way down: a dialog that takes them itself lets nobody above hear of it.
    window.addEventListener('drop', () => setOver(false), { signal, capture: true });
    window.addEventListener('drop', onDrop, { signal });
    return () => listening.abort();
  }, [navigate]);
  if (!isOver) return null;
  return (
    <div class="drop-overlay" aria-hidden="true">
      <div class="drop-target">
        <Icon name="upload" />
        <p>Drop to load</p>
        <p class="small">.csv and .csv.gz, several at once, or a folder of them</p>
      </div>
    </div>
  );
}

function holdsFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}
