import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAIN_DIALECT } from '../../../src/generator/dialect.ts';
import { faultsFor } from '../../../src/generator/row-fault.ts';
import { SAMPLE_EXPECTATIONS, writeSamples } from '../../../src/generator/samples.ts';
import type { WrittenFile } from '../../../src/generator/write-event-file.ts';
import { REJECT_REASONS } from '../../../src/ingest/reject-reason.ts';
import { type ReferenceRecord, readReference } from './reference-reader.ts';

const COMMITTED = join(import.meta.dirname, '../../../input_data');

let directory: string;
let samples: WrittenFile[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-samples-'));
  samples = await writeSamples(directory);
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** The file as it was before compression: the bytes that gzip makes may differ from one zlib to the next. */
async function content(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

async function recordsOf(sample: WrittenFile): Promise<ReferenceRecord[]> {
  return readReference(await content(sample.path));
}

describe('the sample files', () => {
  it('are what `npm run generate -- --samples --out input_data` writes (remove the old ones first)', async () => {
    const names = (await readdir(directory)).filter((name) => name !== SAMPLE_EXPECTATIONS).sort();
    const committed = (await readdir(COMMITTED)).filter((name) => name.startsWith('sample-')).sort();
    expect(committed).toEqual(names);
    for (const name of names) {
      const same = (await content(join(COMMITTED, name))).equals(await content(join(directory, name)));
      expect(same, name).toBe(true);
    }
  });

  it('come with what is expected of them', async () => {
    const [committed, written] = await Promise.all(
      [COMMITTED, directory].map((folder) => readFile(join(folder, SAMPLE_EXPECTATIONS), 'utf8')),
    );
    expect(committed).toBe(written);
  });

  it('hold just what is expected of them, to a strict reader', async () => {
    for (const sample of samples) {
      const records = await recordsOf(sample);
      const found = records.flatMap(({ lineNumber, fault }) => (fault === undefined ? [] : [{ lineNumber, ...fault }]));
      expect(found).toEqual(
        sample.expectedRejects.map(({ lineNumber, reason, column }) => ({ lineNumber, reason, column })),
      );
      expect(records).toHaveLength(sample.rows);
    }
  });

  it('are dirty in every way that the data rules name', () => {
    const rejects = samples.flatMap((sample) => sample.expectedRejects);
    const ofRows = REJECT_REASONS.filter((reason) => reason !== 'already_corrected');
    expect(new Set(rejects.map((reject) => reject.reason))).toEqual(new Set(ofRows));
    const everyFault = faultsFor(PLAIN_DIALECT, 1).map((fault) => fault.name);
    expect(new Set(rejects.map((reject) => reject.fault))).toEqual(new Set(everyFault));
  });

  it('have no row twice', async () => {
    const rows = (await Promise.all(samples.map(recordsOf))).flat().map((record) => record.raw);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it('are small', () => {
    const sum = (key: 'rows' | 'bytes') => samples.reduce((total, sample) => total + sample[key], 0);
    expect(sum('rows')).toBeGreaterThanOrEqual(3000);
    expect(sum('rows')).toBeLessThanOrEqual(5000);
    expect(sum('bytes')).toBeLessThan(700 * 1024);
  });
});
