import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_COLUMNS } from '../../../src/ingest/event-columns.ts';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import { HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';
import { curl } from './support/curl.ts';
import { expectNothingKept } from './support/folder.ts';
import { openRaw } from './support/raw-request.ts';

let service: TestService;
let elsewhere: string;

beforeAll(async () => {
  service = await startTestService({ env: { MAX_UPLOAD_BYTES: '1MiB' } });
  elsewhere = await createTestDirectory();
});
afterAll(async () => {
  await service.close();
  await rm(elsewhere, { recursive: true, force: true });
});

const form = (query = '') => request(service.url).post(`/validate${query}`);
const bare = (content: string | Buffer, query = '') =>
  request(service.url).post(`/validate${query}`).type('text/csv').send(content);

async function one(content: string | Buffer, query = '') {
  const reply = await bare(content, query).expect(200);
  expect(reply.body.files).toHaveLength(1);
  return reply.body.files[0];
}

describe('what a check says', () => {
  test('is a Validation to the letter, and nothing of the file is kept', async () => {
    const content = plainFile({ tag: 'checked', to: 12, badEvery: 4 })
      .replace('user_id,', 'note,USER_ID ,')
      .replaceAll('\nUSER-', '\nx,USER-');
    const reply = await expectNothingKept(service, () =>
      form().attach('file', Buffer.from(content), 'checked.csv').expect(200),
    );
    const raw = content.split('\n');
    expect(reply.body).toEqual({
      files: [
        {
          name: 'checked.csv',
          outcome: 'loaded',
          sizeBytes: Buffer.byteLength(content),
          sha256: createHash('sha256').update(content).digest('hex'),
          encoding: 'utf-8',
          gzip: false,
          delimiter: ',',
          columns: EVENT_COLUMNS.map((column, index) => ({
            column,
            header: column === 'user_id' ? 'USER_ID' : column,
            position: index + 2,
          })),
          ignoredColumns: ['note'],
          suggestions: [],
          rowsRead: 12,
          rowsLoaded: 9,
          rowsRejected: 3,
          rejectsByReason: { missing_value: 3 },
          rejects: [5, 9, 13].map((lineNumber) => ({
            lineNumber,
            reason: 'missing_value',
            column: 'product_price',
            message: 'product_price is missing: it must hold more than white space',
            raw: raw[lineNumber - 1],
            rawTruncated: false,
          })),
          error: null,
          duplicateOf: null,
        },
      ],
    });
  });

  test('of a header with missing columns: what it says, and what was probably meant', async () => {
    const file = await one('userId;ts;event_type;product_id;product_name;Price;session_id;store\n1;2;3\n');
    expect(file).toMatchObject({
      outcome: 'failed',
      delimiter: ';',
      ignoredColumns: ['userId', 'ts', 'Price', 'store'],
      suggestions: [
        { header: 'userId', column: 'user_id' },
        { header: 'ts', column: 'event_timestamp' },
        { header: 'Price', column: 'product_price' },
      ],
      rowsRead: 0,
      rejects: [],
      error: { code: 'missing_columns', message: expect.stringContaining('did you mean user_id by userId') },
    });
    expect(file.columns[0]).toEqual({ column: 'user_id', header: null, position: null });
    expect(file.columns[1]).toEqual({ column: 'event_type', header: 'event_type', position: 3 });
  });

  test.each<[string, Buffer, object]>([
    ['nothing', Buffer.alloc(0), { encoding: null, gzip: false, error: { code: 'missing_header' } }],
    ['a header alone', Buffer.from(HEADER), { outcome: 'loaded', rowsRead: 0, encoding: 'utf-8' }],
    ['UTF-16', Buffer.from(`\ufeff${HEADER}`, 'utf16le'), { outcome: 'loaded', encoding: 'utf-16le' }],
    ['UTF-16, big', Buffer.from(`\ufeff${HEADER}`, 'utf16le').swap16(), { outcome: 'loaded', encoding: 'utf-16be' }],
    ['packed UTF-16', gzipSync(Buffer.from(`\ufeff${HEADER}`, 'utf16le')), { encoding: 'utf-16le', gzip: true }],
    ['UTF-32', Buffer.from('fffe000041000000', 'hex'), { encoding: null, error: { code: 'unsupported_encoding' } }],
    ['packed twice', gzipSync(gzipSync(HEADER)), { gzip: true, error: { code: 'unsupported_encoding' } }],
    [
      'a cut gzip',
      gzipSync(plainFile({ tag: 'cut', to: 500 })).subarray(0, -20),
      { gzip: true, rowsRead: 0, error: { code: 'corrupt_gzip' } },
    ],
    ['a column twice', Buffer.from(`user_id,${HEADER}`), { delimiter: ',', error: { code: 'duplicate_columns' } }],
    [
      'bytes that are no text',
      Buffer.from([1, 2, 0xff, 0]),
      { delimiter: null, error: { code: 'unsupported_encoding' } },
    ],
  ])('of %s', async (_, content, expected) => {
    const file = await one(content);
    expect(file).toMatchObject(expected);
    expect(file).toMatchObject({
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    if (file.error !== null) expect(file).toMatchObject({ outcome: 'failed', rowsLoaded: 0, rowsRejected: 0 });
  });

  test('shows the first 100 rejects of a file and the first 1,000 of a form, and counts them all', async () => {
    const call = form();
    for (let n = 0; n < 12; n += 1) call.attach('file', Buffer.from(`${HEADER}${'x\n'.repeat(150 + n)}`), `${n}.csv`);
    const { body } = await call.expect(200);
    expect(body.files.map((file: { rejects: unknown[] }) => file.rejects.length)).toEqual([
      ...Array(10).fill(100),
      0,
      0,
    ]);
    expect(body.files[11]).toMatchObject({ rowsRejected: 161, rejectsByReason: { column_count_mismatch: 161 } });
    expect(body.files[0].rejects[99].lineNumber).toBe(101);
  });

  test.each([
    ['', 'loaded'],
    ['?maxRejectPercent=25', 'loaded'],
    ['?maxRejectPercent=24.9', 'held'],
    ['?maxRejectPercent=0', 'held'],
  ])('of a quarter of bad rows with %s: %s', async (query, outcome) => {
    const file = await one(plainFile({ tag: 'share', to: 12, badEvery: 4 }), query);
    expect(file).toMatchObject({ outcome, rowsRead: 12, rowsRejected: 3, rowsLoaded: 9, error: null });
  });

  test.each(['-1', '100.5', 'abc', '', 'NaN'])('maxRejectPercent=%s is refused', async (percent) => {
    const reply = await bare(HEADER, `?maxRejectPercent=${percent}`).expect(400);
    expect(reply.body).toMatchObject({ code: 'invalid_request', detail: expect.stringContaining('maxRejectPercent') });
  });

  test('names the loaded file that holds the same bytes', async () => {
    const content = Buffer.from(plainFile({ tag: 'twin', to: 5, badEvery: 2 }));
    expect(await one(content)).toMatchObject({ outcome: 'loaded', duplicateOf: null });
    const uploaded = await request(service.url).put('/uploads/twin.csv?wait=30').send(content).expect(200);
    const { fileId } = uploaded.body.files[0];
    expect(await one(content)).toMatchObject({
      outcome: 'duplicate',
      duplicateOf: fileId,
      rowsRead: 5,
      rowsRejected: 2,
    });
  });
});

describe('two files of one form that have the same bytes', () => {
  const twice = (content: string, query: string) =>
    form(query)
      .attach('file', Buffer.from(content), 'one.csv')
      .attach('file', Buffer.from(content), 'two.csv')
      .expect(200);

  test('the second one would be a duplicate, of a file that has no number yet', async () => {
    const { body } = await twice(plainFile({ tag: 'pair', to: 4, badEvery: 2 }), '');
    const counts = { duplicateOf: null, rowsRead: 4, rowsRejected: 2 };
    expect(body.files).toMatchObject([
      { outcome: 'loaded', ...counts },
      { outcome: 'duplicate', ...counts },
    ]);
  });

  test('both would be held: what is held claims no bytes', async () => {
    const { body } = await twice(plainFile({ tag: 'pair', to: 4, badEvery: 2 }), '?maxRejectPercent=5');
    expect(body.files).toMatchObject([{ outcome: 'held' }, { outcome: 'held' }]);
  });
});

describe('how files are sent', () => {
  test('by curl: a form of several, a bare body of any type, packed, chunked, asked for first', async () => {
    const path = join(elsewhere, 'events.csv');
    await writeFile(path, plainFile({ tag: 'curl', to: 30, badEvery: 10 }));
    const packed = join(elsewhere, 'events.csv.gz');
    await writeFile(packed, gzipSync(plainFile({ tag: 'curl', to: 30, badEvery: 10 })));
    const url = `${service.url}/validate`;
    const counts = { outcome: 'loaded', rowsRead: 30, rowsRejected: 3 };
    const calls = [
      ['-F', `file=@${path}`, '-F', 'comment=fields are left alone', '-F', `other=@${packed}`],
      ['--data-binary', `@${path}`],
      ['--data-binary', `@${packed}`, '-H', 'Content-Encoding: gzip'],
      ['--data-binary', `@${path}`, '-H', 'Content-Type: application/json'],
      ['--data-binary', `@${path}`, '-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue'],
    ];
    for (const args of calls) {
      const { status, body } = await curl(...args, url);
      expect({ status, files: body.files }, args.join(' ')).toMatchObject({
        status: 200,
        files:
          args[0] === '-F'
            ? [
                { name: 'events.csv', ...counts },
                { name: 'events.csv.gz', ...counts },
              ]
            : [counts],
      });
    }
  });

  test('with names that are safe to show', async () => {
    const name = '../../\u001b[31mred\u0000.csv';
    const { body } = await form().attach('file', Buffer.from(HEADER), name).expect(200);
    expect(body.files[0].name).not.toMatch(/\p{Cc}|\//u);
  });

  test.each<[string, number, string, () => request.Test]>([
    ['a form without a file', 400, 'no_file', () => form().field('a', 'b')],
    [
      'a form that breaks off',
      400,
      'malformed_multipart',
      () =>
        form()
          .type('multipart/form-data; boundary=x')
          .send('--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nuser'),
    ],
    [
      'a form that is packed as a whole',
      415,
      'unsupported_content_encoding',
      () => form().set('content-encoding', 'gzip').attach('f', Buffer.from(HEADER), 'f.csv'),
    ],
    ['another coding', 415, 'unsupported_content_encoding', () => bare(HEADER).set('content-encoding', 'br')],
    ['more bytes than allowed', 413, 'upload_too_large', () => bare(Buffer.alloc(2 * 1024 * 1024))],
    [
      'more bytes than allowed, in a form',
      413,
      'upload_too_large',
      () =>
        form()
          .attach('a', Buffer.alloc(600 * 1024), 'a')
          .attach('b', Buffer.alloc(600 * 1024), 'b'),
    ],
  ])('%s is refused', async (_, status, code, call) => {
    const reply = await expectNothingKept(service, call);
    expect(reply.body).toMatchObject({ status, code });
    expect((await one(HEADER)).outcome).toBe('loaded');
  });

  test('a body without an announced length ends at the limit', async () => {
    const path = join(elsewhere, 'large.csv');
    await writeFile(path, HEADER + plainRows({ tag: 'large', to: 20_000 }));
    const { status, body } = await curl(
      '-T',
      path,
      '-X',
      'POST',
      '-H',
      'Transfer-Encoding: chunked',
      '-H',
      'Expect:',
      `${service.url}/validate`,
    );
    expect({ status, code: body.code }).toEqual({ status: 413, code: 'upload_too_large' });
  });
});

describe('limits', () => {
  const head = (url: string) =>
    `POST /validate HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n\r\n${HEADER}`;

  const formHead = (url: string) =>
    head(url)
      .replace('text/csv', 'multipart/form-data; boundary=x')
      .replace(HEADER, `--x\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\n${HEADER}`);

  test.each([
    ['a form', formHead],
    ['a bare body', head],
  ])('two checks run at once, a third is told to come later, and one that hangs up makes room at once: %s', async (_, begin) => {
    const holders = await Promise.all([openRaw(service.url), openRaw(service.url)]);
    try {
      for (const holder of holders) await holder.send(begin(service.url));
      const busy = await eventually(async () => {
        const reply = await bare(HEADER);
        expect(reply.status).toBe(503);
        return reply;
      });
      expect(busy.body).toMatchObject({ code: 'busy' });
      expect(busy.headers['retry-after']).toBe('5');
      // Uploads and everything else go on.
      await request(service.url)
        .put('/uploads/beside.csv?wait=30')
        .send(plainFile({ tag: 'beside', to: 3 }))
        .expect(200);
      holders[0]?.socket.destroy();
      await eventually(async () => expect((await bare(HEADER)).status).toBe(200), 3000);
    } finally {
      for (const holder of holders) holder.socket.destroy();
    }
    await eventually(async () => {
      const both = await Promise.all([bare(HEADER), bare(HEADER)]);
      expect(both.map(({ status }) => status)).toEqual([200, 200]);
    });
    // That somebody hung up is no fault of ours.
    const errors = service.logLines.filter((line) => line.includes('"level":50') && !line.includes('"code":"busy"'));
    expect(errors).toEqual([]);
  });

  test('a client that sends too slowly is answered 408', async () => {
    const slow = await startTestService({ connectionLimits: { uploadPace: { windowMs: 300, bytes: 1024 } } });
    try {
      const client = await openRaw(slow.url);
      await client.send(head(slow.url));
      expect(await client.reply()).toMatchObject({ status: 408 });
      await client.closed();
      expect((await request(slow.url).post('/validate').send(HEADER)).status).toBe(200);
    } finally {
      await slow.close();
    }
  });

  test('needs no database: while it is away, only that a file is a duplicate is not known', async () => {
    const proxy = await DatabaseProxy.start(service.database.connectionString);
    const away = await startTestService({
      database: { ...service.database, connectionString: proxy.connectionString },
    });
    try {
      proxy.cut();
      expect(
        (
          await request(away.url)
            .post('/validate')
            .send(plainFile({ tag: 'away', to: 4 }))
        ).body,
      ).toMatchObject({
        files: [{ outcome: 'loaded', rowsLoaded: 4, duplicateOf: null }],
      });
    } finally {
      proxy.restore();
      await away.close();
      await proxy.close();
    }
  });
});
