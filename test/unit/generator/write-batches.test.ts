import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventGenerator } from '../../../src/generator/event-generator.ts';
import { type BatchOptions, writeBatches } from '../../../src/generator/write-batches.ts';
import { instantOf, readReference } from './reference-reader.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-batches-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function write(options: Partial<BatchOptions>): Promise<[name: string, rows: number][]> {
  const written: [string, number][] = [];
  for await (const file of writeBatches({ directory, seed: 'x', rows: 10, files: 1, ...options })) {
    written.push([basename(file.path), file.rows]);
  }
  return written;
}

describe('writeBatches', () => {
  it('splits the rows over numbered files', async () => {
    expect(await write({ rows: 10, files: 3 })).toEqual([
      ['events-x-0001.csv', 4],
      ['events-x-0002.csv', 3],
      ['events-x-0003.csv', 3],
    ]);
  });

  it('splits one run: all files together hold the rows of one', async () => {
    await write({ rows: 90, files: 3 });
    const names = (await readdir(directory)).sort();
    const files = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
    const whole = Buffer.concat([...createEventGenerator({ seed: 'x' }).csv(90)]).toString();
    const rows = files.map((text) => text.slice(text.indexOf('\n') + 1)).join('');
    expect(rows).toBe(whole.slice(whole.indexOf('\n') + 1));
  });

  it('passes over a name that is taken', async () => {
    await writeFile(join(directory, 'events-x-0002.csv'), 'mine');
    expect(await write({ files: 2 })).toEqual([
      ['events-x-0001.csv', 5],
      ['events-x-0003.csv', 5],
    ]);
    expect(await readFile(join(directory, 'events-x-0002.csv'), 'utf8')).toBe('mine');
  });

  it('names compressed files .csv.gz', async () => {
    expect(await write({ gzip: true })).toEqual([['events-x-0001.csv.gz', 10]]);
  });

  it('writes batch after batch until it is interrupted', async () => {
    const interrupted = new AbortController();
    const names: string[] = [];
    const endless = writeBatches({ directory, seed: 'x', rows: 4, files: 2, everyMs: 1, signal: interrupted.signal });
    const reading = (async () => {
      for await (const file of endless) {
        names.push(basename(file.path));
        if (names.length === 6) interrupted.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect(names).toHaveLength(6);
    expect((await readdir(directory)).sort()).toEqual(names);
  });

  it('writes the events of now when it is live', async () => {
    const before = Date.now();
    await write({ rows: 1, live: true });
    const [row] = readReference(await readFile(join(directory, 'events-x-0001.csv')));
    const time = instantOf(row?.values['event_timestamp'] ?? '');
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });
});
