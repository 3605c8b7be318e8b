import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DELIMITERS, ENCODINGS, NEWLINES, shuffledColumns } from '../../../src/generator/dialect.ts';
import { createEventGenerator } from '../../../src/generator/event-generator.ts';
import { createRandom } from '../../../src/generator/random.ts';
import { EVENT_COLUMNS } from '../../../src/ingest/event-columns.ts';
import { csvBytes } from '../../support/csv-arbitraries.ts';
import { propertyRuns, propertySeed } from '../../support/property-runs.ts';
import { startTestService, type TestService } from '../../support/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService({ env: { MAX_RECORD_BYTES: '2000' } });
});
afterAll(async () => await service.close());

interface NamedFile {
  readonly name: string;
  readonly content: Buffer;
}

interface Counts {
  readonly rowsRead: number;
  readonly rejectsByReason: object;
  readonly error: object | null;
}

async function send(path: string, files: readonly NamedFile[]) {
  const call = request(service.url).post(path);
  for (const { name, content } of files) call.attach('file', content, name);
  return (await call.expect(200)).body.files;
}

/** Checks files, uploads the same bytes, and sees that what was said is what came of them. */
async function expectSame(files: readonly NamedFile[]): Promise<Counts[]> {
  const checked = await send('/validate', files);
  const uploaded = await send('/uploads?wait=60', files);
  for (const [index, { name }] of files.entries()) {
    const { columns, rejects, outcome, delimiter, suggestions, gzip, encoding, ignoredColumns, ...said } =
      checked[index];
    // Of a file that failed the ledger keeps only why.
    const status = outcome === 'failed' ? { status: outcome } : { status: outcome, ignoredColumns };
    expect(uploaded[index], name).toMatchObject({ ...said, ...status });
    const { body } = await request(service.url).get(`/ingestion/files/${uploaded[index].fileId}/rejects?limit=100`);
    const stored = body.data.map(
      ({ lineNumber, reason, column, message, raw, rawTruncated }: (typeof body.data)[0]) => {
        return { lineNumber, reason, column, message, raw, rawTruncated };
      },
    );
    expect(rejects, name).toEqual(stored);
  }
  return checked;
}

describe('what a check says is what an upload of the same bytes then gives', () => {
  test('in every dialect, with every fault that the generator knows', async () => {
    const random = createRandom(`validate ${propertySeed}`);
    const files = Object.values(DELIMITERS).flatMap((delimiter, index) =>
      ENCODINGS.map((encoding, at) => {
        const newline = Object.values(NEWLINES)[(index + at) % 3] ?? '\n';
        const dialect = {
          delimiter,
          newline,
          encoding,
          columns: shuffledColumns(random),
          header: 'upper-case',
        } as const;
        const seed = `${propertySeed}-${index}-${at}`;
        const generator = createEventGenerator({ seed, dirty: 0.3, dialect, maxRecordBytes: 2000 });
        const content = Buffer.concat([...generator.csv(200)]);
        const isPacked = (index + at) % 2 === 0;
        const name = `${index}-${at}.csv${isPacked ? '.gz' : ''}`;
        return { name, content: isPacked ? gzipSync(content) : content };
      }),
    );
    const checked = await expectSame(files);
    // Of two broken rows side by side one may swallow the other.
    expect(checked.every(({ rowsRead, error }) => rowsRead > 180 && error === null)).toBe(true);
    expect(new Set(checked.flatMap(({ rejectsByReason }) => Object.keys(rejectsByReason))).size).toBeGreaterThan(8);
  });

  test('for any bytes behind a header, and for headers that are broken', async () => {
    const { numRuns } = propertyRuns(60);
    const bodies = fc.sample(csvBytes, { numRuns, seed: propertySeed });
    const files = bodies.map(({ delimiter, bytes }, index) => {
      // One in six has lost a column, and others are cut in their packing; of two faults either may be named.
      const columns = index % 6 === 1 ? EVENT_COLUMNS.slice(1) : EVENT_COLUMNS;
      const content = Buffer.concat([Buffer.from(`${columns.join(delimiter)},n${index}\n`), bytes]);
      const isPacked = index % 5 === 0;
      return {
        name: `${index}.csv`,
        content: isPacked ? gzipSync(content).subarray(0, index % 30 === 0 ? -9 : undefined) : content,
      };
    });
    const checked = await expectSame(files);
    expect(checked.some(({ error }) => error !== null)).toBe(true);
    expect(checked.some(({ rowsRead }) => rowsRead > 0)).toBe(true);
  });
});
