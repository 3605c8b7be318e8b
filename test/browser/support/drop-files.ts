import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

export interface DroppedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** Dragged as one, with what is in it. */
export interface DroppedFolder {
  readonly name: string;
  readonly files: readonly DroppedFile[];
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * Drags files over the page and lets them go, as a hand does: the browser itself sends the events, with a DataTransfer that
 * holds real files, to whatever is at that place. A page that does not take them there is left for the file, as in life.
 * @param onto where to let them go; else in the middle of what is seen
 */
export async function dropFiles(
  page: Page,
  dropped: readonly (DroppedFile | DroppedFolder)[],
  onto?: Locator,
): Promise<void> {
  const drag = await startDrag(page, dropped, onto);
  await drag.drop();
}

/** Files that hang over the page, for a look at what it shows meanwhile. */
export async function startDrag(page: Page, dropped: readonly (DroppedFile | DroppedFolder)[], onto?: Locator) {
  const place = await placeOf(page, onto);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-drop-'));
  const paths = await Promise.all(
    dropped.map(async (one) => {
      const path = join(directory, one.name);
      if (!('files' in one)) await writeFile(path, one.content);
      else {
        await mkdir(path);
        await Promise.all(one.files.map(({ name, content }) => writeFile(join(path, name), content)));
      }
      return path;
    }),
  );
  const session = await page.context().newCDPSession(page);
  // https://chromedevtools.github.io/devtools-protocol/tot/Input/#method-dispatchDragEvent
  const send = async (type: 'dragEnter' | 'dragOver' | 'drop' | 'dragCancel') =>
    await session.send('Input.dispatchDragEvent', {
      type,
      ...place,
      data: { items: [], files: paths, dragOperationsMask: 1 },
    });
  const end = async () => {
    await session.detach();
  };
  page.once('close', () => void rm(directory, { recursive: true, force: true }));
  await send('dragEnter');
  await send('dragOver');
  return {
    /** The page may read the files as long as it is open. */
    drop: async () => {
      await send('drop');
      await end();
    },
    cancel: async () => {
      await send('dragCancel');
      await end();
    },
  };
}

async function placeOf(page: Page, onto: Locator | undefined): Promise<Place> {
  if (onto === undefined) {
    const { width, height } = page.viewportSize() ?? { width: 800, height: 600 };
    return { x: width / 2, y: height / 2 };
  }
  await onto.scrollIntoViewIfNeeded();
  const box = await onto.boundingBox();
  if (box === null) throw new Error('what the files are to be dropped onto is not to be seen');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
