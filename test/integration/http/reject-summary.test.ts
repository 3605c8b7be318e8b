import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HEADER, plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

interface Cluster {
  readonly reason: string;
  readonly column: string | null;
  readonly shape: string | null;
  readonly rows: number;
  readonly corrected: number;
  readonly sample: {
    readonly fileId: number;
    readonly lineNumber: number;
    readonly message: string;
    readonly raw: string;
  };
  readonly firstFile: { readonly fileId: number; readonly name: string };
  readonly lastFile: { readonly fileId: number; readonly name: string };
}

let service: TestService;
const files: { fileId: number; name: string }[] = [];

const event = (n: number, price: string, type = 'view') =>
  `USER-${n},${type},2024-01-15T10:00:00Z,P1,Article,${price},session-${n}\n`;
/** Line 2: a price of words; 3: another; 4: an event type; 5: clean; 6: too few columns. */
const FILE = (n: number) =>
  `${HEADER}${event(n, 'ten')}${event(n, 'five')}${event(n, '1', 'look')}${event(n, '2')}a,b\n`;

beforeAll(async () => {
  service = await startTestService();
  for (const n of [1, 2, 3]) {
    const content = Buffer.from(FILE(n));
    const { body } = await request(service.url).put(`/uploads/bad-${n}.csv?wait=30`).send(content).expect(200);
    expect(body.files[0]).toMatchObject({ status: 'loaded', rowsRejected: 4 });
    files.push({ fileId: body.files[0].fileId, name: `bad-${n}.csv` });
  }
  await service.database.query(`
    update rejected_rows set shape = case column_name when 'product_price' then case line_number when 2 then 'a' else 'Aa' end
                                                      when 'event_type' then 'a' end`);
});
afterAll(async () => await service.close());

async function summary(query: object = {}): Promise<Cluster[]> {
  const { body } = await request(service.url).get('/ingestion/rejects/summary').query(query).expect(200);
  return body.data;
}

describe('GET /ingestion/rejects/summary', () => {
  test('groups rejected rows by reason, column and shape, with a sample and the first and last file', async () => {
    const [first, , last] = files;
    const clusters = await summary();
    expect(clusters.map(({ reason, column, shape, rows }) => [reason, column, shape, rows])).toEqual([
      ['invalid_price', 'product_price', 'a', 3],
      ['invalid_price', 'product_price', 'Aa', 3],
      ['invalid_event_type', 'event_type', 'a', 3],
      ['column_count_mismatch', null, null, 3],
    ]);
    expect(clusters[0]).toEqual({
      reason: 'invalid_price',
      column: 'product_price',
      shape: 'a',
      rows: 3,
      corrected: 0,
      sample: {
        fileId: first?.fileId,
        lineNumber: 2,
        message: expect.stringContaining('ten'),
        raw: event(1, 'ten').trimEnd(),
        rawTruncated: false,
      },
      firstFile: first,
      lastFile: last,
    });
  });

  test('goes by pages through all of them once, those of equal counts too', async () => {
    const all = await summary();
    const seen: Cluster[] = [];
    let cursor: string | null = null;
    do {
      const query: object = cursor === null ? { limit: 1 } : { limit: 1, cursor };
      const { body } = await request(service.url).get('/ingestion/rejects/summary').query(query).expect(200);
      seen.push(...body.data);
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);
  });

  test('is of one file or one reason where that is asked for', async () => {
    const [, second] = files;
    const ofFile = await summary({ fileId: second?.fileId });
    expect(ofFile.map(({ rows, firstFile, lastFile }) => ({ rows, firstFile, lastFile }))).toEqual(
      Array.from({ length: 4 }, () => ({ rows: 1, firstFile: second, lastFile: second })),
    );
    const ofReason = await summary({ reason: 'invalid_price' });
    expect(ofReason.map(({ shape, rows }) => [shape, rows])).toEqual([
      ['a', 3],
      ['Aa', 3],
    ]);
    expect(await summary({ fileId: second?.fileId, reason: 'invalid_price', limit: 1 })).toHaveLength(1);
    expect(await summary({ reason: '' })).toHaveLength(4);
    expect(await summary({ fileId: 987654321 })).toEqual([]);
    const { body } = await request(service.url).get('/ingestion/rejects/summary?reason=bad').expect(400);
    expect(body.detail).toContain('reason must be one of missing_value, ');
    const forged = Buffer.from('[1,2]').toString('base64url');
    await request(service.url).get(`/ingestion/rejects/summary?cursor=${forged}`).expect(400);
  });

  test('counts those that have come back corrected, also by a correction that was corrected itself', async () => {
    const [first, second] = files;
    // Line 2 of the second file was meant to correct line 2 of the first.
    await service.database.query(
      'update rejected_rows set root_file_id = $1, root_line = 2 where file_id = $2 and line_number = 2',
      [first?.fileId, second?.fileId],
    );
    await service.database.query('insert into corrected_rejects values ($1, 2, $2), ($1, 6, $2)', [
      first?.fileId,
      files[2]?.fileId,
    ]);
    expect((await summary()).map(({ rows, corrected }) => [rows, corrected])).toEqual([
      [3, 2],
      [3, 0],
      [3, 0],
      [3, 1],
    ]);
  });
});

test('I2 is of one moment while files are being loaded: of each file all of its rejects or none', async () => {
  const busy = await startTestService({ env: { LOADERS: '2' } });
  try {
    const uploads = Array.from({ length: 8 }, async (_, n) => {
      const rows = plainFile({ tag: `busy-${n}`, to: 50, badEvery: 5 }) + event(n, 'ten').repeat(10);
      await request(busy.url).put(`/uploads/busy-${n}.csv?wait=30`).send(Buffer.from(rows)).expect(200);
    });
    let isOver = false;
    const over = Promise.all(uploads).finally(() => {
      isOver = true;
    });
    const rowsOfClusters = async (): Promise<number[]> => {
      const { body } = await request(busy.url).get('/ingestion/rejects/summary').expect(200);
      return body.data.map(({ rows }: Cluster) => rows);
    };
    while (!isOver) {
      const [one, other] = await rowsOfClusters();
      expect(one).toBe(other);
      expect((one ?? 0) % 10).toBe(0);
    }
    await over;
    expect(await rowsOfClusters()).toEqual([80, 80]);
  } finally {
    await busy.close();
  }
});
