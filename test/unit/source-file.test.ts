import { type FileHandle, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SourceFile } from '../../src/ingest/sources/source-file.ts';
import { createTestDirectory } from '../support/service.ts';

const CHUNK_BYTES = 1000;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await createTestDirectory();
  path = join(directory, 'source.csv');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** The file as the chunks give it, each looked at while the next one is being read. */
async function readAll(bytes: Buffer): Promise<Buffer> {
  await writeFile(path, bytes);
  const source = await SourceFile.open(path);
  const parts: Buffer[] = [];
  try {
    for await (const chunk of source.chunks(CHUNK_BYTES)) {
      for (let turns = 0; turns < 20; turns += 1) await setImmediate();
      parts.push(Buffer.from(chunk));
    }
  } finally {
    await source.close();
  }
  return Buffer.concat(parts);
}

const numbered = (length: number) => Buffer.from(Array.from({ length }, (_, index) => (index * 7) % 251));

describe('the chunks of a source file', () => {
  it.each([0, 1, 999, 1000, 1001, 1999, 2000, 2001, 10_500])('are its %i bytes', async (length) => {
    expect(await readAll(numbered(length))).toEqual(numbered(length));
  });

  it.each([
    300, 1000, 2500,
  ])('C9 are its %i bytes on a file system that reads less than it is asked for', async (length) => {
    await writeFile(path, '');
    const handle = await open(path);
    const prototype: FileHandle = Object.getPrototypeOf(handle);
    await handle.close();
    const { read } = prototype;
    // What a network mount does: a disk of this machine can't be made to.
    Object.assign(prototype, {
      read(this: FileHandle, buffer: Buffer, offset: number, wanted: number, position: number) {
        return Reflect.apply(read, this, [buffer, offset, Math.min(wanted, 170), position]);
      },
    });
    try {
      expect(await readAll(numbered(length))).toEqual(numbered(length));
    } finally {
      Object.assign(prototype, { read });
    }
  });
});
