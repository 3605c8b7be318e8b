import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settledFile } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';
import { curl } from './support/curl.ts';
import { expectNothingKept, namesIn } from './support/folder.ts';

let service: TestService;
let elsewhere: string;

beforeAll(async () => {
  service = await startTestService();
  elsewhere = await createTestDirectory();
});
afterAll(async () => {
  await service.close();
  await rm(elsewhere, { recursive: true, force: true });
});

const upload = (query = '') => request(service.url).post(`/uploads${query}`);
const put = (name: string, query = '') => request(service.url).put(`/uploads/${name}${query}`);

async function fileOutside(name: string, content: string | Buffer): Promise<string> {
  const path = join(elsewhere, name);
  writeFileSync(path, content);
  return path;
}

describe('what a reply says', () => {
  test('?wait holds the reply until the file is loaded, and it is a File to the letter', async () => {
    const content = plainFile({ tag: 'whole', to: 12, badEvery: 4 });
    const reply = await upload('?wait=30').attach('file', Buffer.from(content), 'whole.csv').expect(200);

    expect(reply.headers['content-type']).toMatch(/^application\/json\b/);
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(reply.body).toEqual({
      files: [
        {
          fileId: expect.any(Number),
          name: 'whole.csv',
          origin: 'upload',
          status: 'loaded',
          sizeBytes: Buffer.byteLength(content),
          sha256: createHash('sha256').update(content).digest('hex'),
          rowsRead: 12,
          rowsLoaded: 9,
          rowsRejected: 3,
          rejectsByReason: { missing_value: 3 },
          rowsWithheld: 0,
          rowsExpired: 0,
          rowsCorrected: 0,
          ignoredColumns: [],
          bytesCommitted: Buffer.byteLength(content),
          attempts: 1,
          error: null,
          duplicateOf: null,
          follows: null,
          corrects: null,
          maxRejectPercent: null,
          discoveredAt: instant,
          startedAt: instant,
          finishedAt: instant,
          revertedAt: null,
          durationMs: expect.any(Number),
        },
      ],
    });
    const [counted] = await service.database.query<{ rows: number }>(
      'select count(*)::int as rows from user_events where file_id = $1',
      [reply.body.files[0].fileId],
    );
    expect(counted?.rows).toBe(9);
  });

  test('without wait the reply is 202, and by then the file is in the folder and in the ledger', async () => {
    const content = plainFile({ tag: 'prompt', to: 3 });
    const reply = await upload().attach('file', Buffer.from(content), 'prompt.csv').expect(202);

    expect(reply.body.files).toMatchObject([{ name: 'prompt.csv', status: 'queued', origin: 'upload' }]);
    expect((await namesIn(service)).folder).toContain('prompt.csv');
    const ledger = await service.database.query('select 1 from source_files where file_id = $1', [
      reply.body.files[0].fileId,
    ]);
    expect(ledger).toHaveLength(1);
    expect(await settledFile(service.database, 'prompt.csv')).toMatchObject({ status: 'loaded', loaded: 3 });
  });

  test('several files in one form are all in the reply, in the order of the form', async () => {
    const names = ['several-c.csv', 'several-a.csv', 'several-b.csv'];
    const call = upload('?wait=30').field('comment', 'fields are left alone');
    for (const [index, name] of names.entries()) {
      call.attach(`any-field-${index}`, Buffer.from(plainFile({ tag: name, to: index + 1 })), name);
    }
    const reply = await call.expect(200);

    expect(reply.body.files.map((file: { name: string }) => file.name)).toEqual(names);
    expect(reply.body.files.map((file: { rowsLoaded: number }) => file.rowsLoaded)).toEqual([1, 2, 3]);
  });

  test('a file that fails as a whole is an end too: 200, failed, with the reason', async () => {
    const reply = await upload('?wait=30')
      .attach('file', Buffer.from('user_id,price\nu,1\n'), 'no-columns.csv')
      .expect(200);
    expect(reply.body.files).toMatchObject([
      {
        status: 'failed',
        rowsRead: 0,
        error: { code: 'missing_columns', message: expect.stringContaining('event_type') },
      },
    ]);
  });

  test('an upload that is still queued when the wait is over is answered 202 as it then is', async () => {
    const blocker = await openLock();
    try {
      const content = Buffer.from(plainFile({ tag: 'held up', to: 2 }));
      const reply = await put('held-up.csv', '?wait=1').send(content).expect(202);
      expect(reply.body.files).toMatchObject([{ status: expect.stringMatching(/^(queued|loading)$/) }]);
    } finally {
      await blocker.release();
    }
    expect(await settledFile(service.database, 'held-up.csv')).toMatchObject({ status: 'loaded' });
  });

  test.each(['61', '-1', 'abc', '1.5', '', '1e1000'])('wait=%s is refused and nothing is kept', async (wait) => {
    await expectNothingKept(service, async () => {
      const reply = await upload(`?wait=${wait}`).attach('file', Buffer.from(plainFile({ tag: 'w', to: 1 })), 'w.csv');
      expect(reply.status).toBe(400);
      expect(reply.headers['content-type']).toMatch(/^application\/problem\+json\b/);
      expect(reply.body).toMatchObject({
        status: 400,
        code: 'invalid_request',
        detail: expect.stringContaining('wait'),
      });
    });
  });

  test.each(['0', '60'])('wait=%s is within the bounds', async (wait) => {
    const content = Buffer.from(plainFile({ tag: `bound ${wait}`, to: 1 }));
    const reply = await put(`bound-${wait}.csv`, `?wait=${wait}`).send(content);
    expect(reply.status).toBe(wait === '0' ? 202 : 200);
  });
});

describe('names', () => {
  test.each([
    ['climbing out', '../../escaped.csv', 'escaped.csv'],
    ['absolute', '/etc/absolute.csv', 'absolute.csv'],
    ['of Windows', 'C:\\temp\\windows.csv', 'windows.csv'],
    ['hidden', '.hidden.csv', 'hidden.csv'],
    ['without an extension', 'export', 'export.csv'],
    ['that a watcher leaves alone', 'events.csv.tmp', 'events.csv.tmp.csv'],
    ['beyond ASCII', 'événements-日本.csv', 'événements-日本.csv'],
  ])('a name %s is reduced to its last part and made safe', async (_, given, kept) => {
    const content = Buffer.from(plainFile({ tag: given, to: 1 }));
    const reply = await put(encodeURIComponent(given), '?wait=30').send(content).expect(200);
    expect(reply.body.files).toMatchObject([{ name: kept, status: 'loaded' }]);
    expect((await namesIn(service)).folder).toContain(kept);
  });

  test('the name in a form is made safe as well', async () => {
    const content = plainFile({ tag: 'form name', to: 1 });
    const body = [
      '--b',
      'Content-Disposition: form-data; name="file"; filename="../../../../tmp/form\\..\\name.csv"',
      '',
      content,
      '--b--',
      '',
    ].join('\r\n');
    const reply = await upload('?wait=30')
      .set('content-type', 'multipart/form-data; boundary=b')
      .send(body)
      .expect(200);
    expect(reply.body.files).toMatchObject([{ name: 'name.csv', status: 'loaded' }]);
  });

  test('control characters of a name never reach the disk', async () => {
    const reply = await put('line%0Abreak%00%1B.csv', '?wait=30').send(Buffer.from(plainFile({ tag: 'ctl', to: 1 })));
    expect(reply.body.files).toMatchObject([{ name: 'line_break__.csv' }]);
  });

  test('a very long name is cut to what the file system takes', async () => {
    const reply = await put(`${'x'.repeat(900)}.csv`, '?wait=30').send(Buffer.from(plainFile({ tag: 'long', to: 1 })));
    expect(reply.status).toBe(200);
    const { name } = reply.body.files[0];
    expect(name).toMatch(/^x+\.csv$/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  });

  test('a name beyond 1000 characters is refused', async () => {
    const reply = await put(`${'x'.repeat(1200)}.csv`).send(Buffer.from('x'));
    expect(reply.status).toBe(414);
    expect(reply.body).toMatchObject({ status: 414, code: 'url_too_long' });
  });

  test('a taken name gets a suffix, and both files stay', async () => {
    const send = (tag: string) => put('taken.csv', '?wait=30').send(Buffer.from(plainFile({ tag, to: 2 })));
    const first = await send('taken 1').expect(200);
    const second = await send('taken 2').expect(200);
    const third = await send('taken 3').expect(200);
    const names = [first, second, third].map(({ body }) => body.files[0].name);
    expect(names).toEqual(['taken.csv', 'taken-2.csv', 'taken-3.csv']);
    expect([first, second, third].every(({ body }) => body.files[0].status === 'loaded')).toBe(true);
    expect((await namesIn(service)).folder).toEqual(expect.arrayContaining(names));
  });

  test('the tenth file of a name gets a random suffix: counting on would make each cost more than the last', async () => {
    const names: string[] = [];
    for (let n = 1; n <= 11; n += 1) {
      const { body } = await put('popular.csv').send(Buffer.from(plainFile({ tag: `popular ${n}`, to: 1 })));
      names.push(body.files[0].name);
    }
    expect(names[8]).toBe('popular-9.csv');
    for (const name of names.slice(9)) expect(name).toMatch(/^popular-[0-9a-f]{8}\.csv$/);
    expect(new Set(names).size).toBe(11);
  });

  test('two files of one name in one form are both kept', async () => {
    const reply = await upload('?wait=30')
      .attach('file', Buffer.from(plainFile({ tag: 'twin 1', to: 1 })), 'twin.csv')
      .attach('file', Buffer.from(plainFile({ tag: 'twin 2', to: 2 })), 'twin.csv')
      .expect(200);
    expect(reply.body.files).toMatchObject([
      { name: 'twin.csv', status: 'loaded', rowsLoaded: 1 },
      { name: 'twin-2.csv', status: 'loaded', rowsLoaded: 2 },
    ]);
  });
});

describe('I1: the same bytes are loaded once', () => {
  test('a second upload of the same bytes is a duplicate of the first and loads nothing', async () => {
    const content = Buffer.from(plainFile({ tag: 'again', to: 5 }));
    const first = await put('again.csv', '?wait=30').send(content).expect(200);
    const second = await put('other-name.csv', '?wait=30').send(content).expect(200);
    expect(second.body.files).toMatchObject([
      {
        name: 'other-name.csv',
        status: 'duplicate',
        rowsRead: 0,
        rowsLoaded: 0,
        duplicateOf: first.body.files[0].fileId,
      },
    ]);
  });

  test('E7 fifty uploads of the same bytes at once: one is loaded, all others name it', async () => {
    const content = Buffer.from(plainFile({ tag: 'crowd', to: 40 }));
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, n) => put(`crowd-${n}.csv`, '?wait=60').send(content)),
    );
    const files = replies.map(({ body }) => body.files[0]);
    const [loaded, ...more] = files.filter((file) => file.status === 'loaded');
    expect(more).toEqual([]);
    expect(files.filter((file) => file.status === 'duplicate' && file.duplicateOf === loaded.fileId)).toHaveLength(49);
    const [counted] = await service.database.query<{ rows: number }>(
      "select count(*)::int as rows from user_events where product_name like '%of crowd'",
    );
    expect(counted?.rows).toBe(40);
  });

  test('the watcher sees an upload arrive and does not take it for a file of its own', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `watched-${n}.csv`);
    await Promise.all(names.map((name) => put(name, '?wait=60').send(Buffer.from(plainFile({ tag: name, to: 2 })))));
    const rows = await service.database.query<{ origin: string }>(
      'select origin from source_files where name = any($1)',
      [names],
    );
    expect(rows.map(({ origin }) => origin)).toEqual(names.map(() => 'upload'));
  });
});

describe('gzip', () => {
  test('E5 a gzip file is kept as it is and loaded, whatever its name says', async () => {
    const content = gzipSync(plainFile({ tag: 'zipped', to: 6 }));
    const reply = await upload('?wait=30').attach('file', content, 'zipped.csv').expect(200);
    expect(reply.body.files).toMatchObject([
      { name: 'zipped.csv', status: 'loaded', rowsLoaded: 6, sizeBytes: content.length },
    ]);
  });

  test('E5 a body that is sent with Content-Encoding gzip is loaded too', async () => {
    const content = gzipSync(plainFile({ tag: 'encoded', to: 6 }));
    const reply = await put('encoded.csv', '?wait=30').set('content-encoding', 'gzip').send(content).expect(200);
    expect(reply.body.files).toMatchObject([{ status: 'loaded', rowsLoaded: 6 }]);
  });

  test('E5 plain text that a name or a header calls gzip is loaded as what it is', async () => {
    const named = await put('plain.csv.gz', '?wait=30').send(Buffer.from(plainFile({ tag: 'plain', to: 3 })));
    expect(named.body.files).toMatchObject([{ name: 'plain.csv.gz', status: 'loaded', rowsLoaded: 3 }]);
    const content = Buffer.from(plainFile({ tag: 'said to be gzip', to: 3 }));
    const encoded = await put('said.csv', '?wait=30').set('content-encoding', 'gzip').send(content);
    expect(encoded.body.files).toMatchObject([{ status: 'loaded', rowsLoaded: 3 }]);
  });

  test('E5 a packed file that is packed once more on its way fails and says so', async () => {
    const content = gzipSync(gzipSync(plainFile({ tag: 'twice', to: 3 })));
    const reply = await put('twice.csv.gz', '?wait=30').set('content-encoding', 'gzip').send(content);
    expect(reply.body.files).toMatchObject([{ status: 'failed', error: { code: 'unsupported_encoding' } }]);
    expect(reply.body.files[0].error.message).toContain('unpack it once');
  });

  test('a coding that the loader can not read is 415', async () => {
    await expectNothingKept(service, async () => {
      const reply = await put('br.csv').set('content-encoding', 'br').send(Buffer.from('x')).expect(415);
      expect(reply.body).toMatchObject({ code: 'unsupported_content_encoding' });
    });
  });

  test('E5 a form that is compressed as a whole is 415', async () => {
    await expectNothingKept(service, async () => {
      const reply = await upload()
        .set('content-encoding', 'gzip')
        .attach('file', Buffer.from('x'), 'x.csv')
        .expect(415);
      expect(reply.body).toMatchObject({ status: 415, code: 'unsupported_content_encoding' });
    });
  });
});

describe('what is not an upload', () => {
  test('a form without a file part is 400', async () => {
    const reply = await upload().field('file', 'only a field').expect(400);
    expect(reply.body).toMatchObject({ status: 400, code: 'no_file' });
  });

  test('a form in which no file was chosen is 400', async () => {
    await expectNothingKept(service, async () => {
      const body =
        '--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n';
      const reply = await upload().set('content-type', 'multipart/form-data; boundary=b').send(body).expect(400);
      expect(reply.body).toMatchObject({ code: 'no_file' });
    });
  });

  test('a file part without a name is kept under one of ours', async () => {
    const body = `--b\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream\r\n\r\n${plainFile({ tag: 'nameless', to: 2 })}\r\n--b--\r\n`;
    const reply = await upload('?wait=30')
      .set('content-type', 'multipart/form-data; boundary=b')
      .send(body)
      .expect(200);
    expect(reply.body.files).toMatchObject([{ name: 'upload.csv', status: 'loaded', rowsLoaded: 2 }]);
  });

  test.each([
    'application/json',
    'text/csv',
    'application/x-www-form-urlencoded',
    'multipart/mixed; boundary=b',
  ])('a POST of %s is 415', async (type) => {
    const reply = await upload().set('content-type', type).send('{}').expect(415);
    expect(reply.body).toMatchObject({ status: 415, code: 'not_multipart' });
  });

  test('a POST without a body is 415', async () => {
    expect((await upload().expect(415)).body).toMatchObject({ code: 'not_multipart' });
  });

  test.each([
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/x-unheard-of',
  ])('a PUT takes the body as it is, whatever its type says: %s', async (type) => {
    const content = plainFile({ tag: `typed ${type}`, to: 2 });
    const reply = await put('typed.csv', '?wait=30').set('content-type', type).serialize(String).send(content);
    expect(reply.status).toBe(200);
    expect(reply.body.files).toMatchObject([
      { status: 'loaded', rowsLoaded: 2, sizeBytes: Buffer.byteLength(content) },
    ]);
  });

  test('a PUT to /uploads, as of curl -T where the slash was forgotten, says which address takes it', async () => {
    const { body, headers } = await request(service.url).put('/uploads').send('x').expect(405);
    expect(headers['allow']).toBe('POST');
    expect(body).toMatchObject({ code: 'method_not_allowed', detail: expect.stringContaining('PUT /uploads/{name}') });
  });

  test('a PUT without a name is refused', async () => {
    expect((await put('').send('x').expect(400)).body).toMatchObject({ code: 'invalid_request' });
  });
});

describe('curl, as the documentation shows it', () => {
  test('-F with several files, one of them gzip', async () => {
    const one = await fileOutside('curl-1.csv', plainFile({ tag: 'curl 1', to: 3 }));
    const two = await fileOutside('curl-2.csv.gz', gzipSync(plainFile({ tag: 'curl 2', to: 4 })));
    const { status, body } = await curl('-F', `file=@${one}`, '-F', `file=@${two}`, `${service.url}/uploads?wait=30`);
    expect(status).toBe(200);
    expect(body.files).toMatchObject([
      { name: 'curl-1.csv', status: 'loaded', rowsLoaded: 3 },
      { name: 'curl-2.csv.gz', status: 'loaded', rowsLoaded: 4 },
    ]);
  });

  test('-T with a folder as the address, by which curl appends the name, and without waiting for 100-continue', async () => {
    const path = await fileOutside('curl-t.csv', plainFile({ tag: 'curl t', to: 3 }));
    const { status, body, seconds } = await curl(
      '-T',
      path,
      '-H',
      'Content-Type: text/plain',
      `${service.url}/uploads/?wait=0`,
    );
    expect(status).toBe(202);
    expect(body.files).toMatchObject([{ name: 'curl-t.csv' }]);
    // Where no 100 comes, curl sends after a second.
    expect(seconds).toBeLessThan(0.9);
  });

  test('-T - from a pipe, of unknown length', async () => {
    const path = await fileOutside('curl-pipe.csv', plainFile({ tag: 'curl pipe', to: 3 }));
    const { status, body } = await curl(
      '-T',
      path,
      '-H',
      'Transfer-Encoding: chunked',
      `${service.url}/uploads/piped.csv?wait=30`,
    );
    expect(status).toBe(200);
    expect(body.files).toMatchObject([{ name: 'piped.csv', status: 'loaded', rowsLoaded: 3 }]);
  });
});

/** Keeps loads from committing, so that a test can look at what still waits. */
async function openLock(): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: service.database.connectionString });
  await client.connect();
  await client.query('begin');
  await client.query('lock table user_events in access exclusive mode');
  return { release: () => client.end() };
}

test('AFTER_LOAD=archive: an upload is put away once it is loaded, and no later scan loads it again', async () => {
  const archiving = await startTestService({ env: { AFTER_LOAD: 'archive', RESCAN_MS: '100' } });
  try {
    const send = (tag: string) =>
      request(archiving.url)
        .put('/uploads/daily.csv?wait=30')
        .send(Buffer.from(plainFile({ tag, to: 2 })))
        .expect(200);
    let earlier: number | null = null;
    for (const tag of ['monday', 'tuesday']) {
      const { body } = await send(tag);
      // The name is free again, so the path is used again: a new version of it.
      expect(body.files).toMatchObject([{ name: 'daily.csv', status: 'loaded', rowsLoaded: 2, follows: earlier }]);
      expect((await namesIn(archiving)).folder).toEqual([]);
      earlier = body.files[0].fileId;
    }
    const { body } = await request(archiving.url).get('/ingestion/files').expect(200);
    expect(body.data).toHaveLength(2);
  } finally {
    await archiving.close();
  }
});
