import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settledFile } from '../../support/ledger.ts';
import { plainFile, plainRows } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';
import { curl } from './support/curl.ts';
import { expectNothingKept, namesIn } from './support/folder.ts';
import { type ObservedService, startObservedService } from './support/observed-server.ts';
import { openRaw, type RawConnection, sendRaw } from './support/raw-request.ts';

const MIB = 1024 * 1024;
const LIMIT = 2 * MIB;

let service: ObservedService;
let host: string;

beforeAll(async () => {
  service = await startObservedService({ env: { MAX_UPLOAD_BYTES: '2 MiB' } });
  host = new URL(service.url).host;
});
afterAll(async () => await service.close());

const chunk = (content: Buffer) =>
  Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]);
const partHead = (name: string) =>
  `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\nContent-Type: text/csv\r\n\r\n`;
const putHead = (path: string, ...headers: string[]) =>
  [`PUT ${path} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n');
const postHead = (...headers: string[]) =>
  ['POST /uploads HTTP/1.1', `Host: ${host}`, 'Content-Type: multipart/form-data; boundary=b', ...headers, '', ''].join(
    '\r\n',
  );

/** Sends without end until the server hangs up, and tells how much it took. */
async function sendWithoutEnd(connection: RawConnection, piece: Buffer, atMostBytes: number): Promise<number> {
  let sent = 0;
  const closed = connection.closed(30_000);
  while (sent < atMostBytes && !connection.socket.destroyed) {
    await Promise.race([connection.send(piece), closed]);
    sent += piece.length;
  }
  return sent;
}

describe('E1 MAX_UPLOAD_BYTES', () => {
  test('a body that is announced as too large is refused before it is sent', async () => {
    await expectNothingKept(service, async () => {
      for (const head of [
        putHead('/uploads/a.csv', `Content-Length: ${LIMIT + 1}`, 'Expect: 100-continue'),
        postHead(`Content-Length: ${4 * MIB}`, 'Expect: 100-continue'),
      ]) {
        const connection = await openRaw(service.url);
        await connection.send(head);
        const reply = await connection.reply();
        expect(reply.status).toBe(413);
        expect(JSON.parse(reply.body)).toMatchObject({ status: 413, code: 'upload_too_large' });
        expect(reply.headers['connection']).toBe('close');
        expect(connection.interim).toEqual([]);
        await connection.closed();
      }
    });
  });

  test.each<[string, string, Buffer]>([
    ['PUT', 'PUT', chunk(Buffer.alloc(64 * 1024, 'x'))],
    ['a form', 'POST', chunk(Buffer.alloc(64 * 1024, 'x'))],
  ])('a %s of unknown length is cut off where the limit is passed, and nothing is kept', async (_, method, piece) => {
    await expectNothingKept(service, async () => {
      const connection = await openRaw(service.url);
      await connection.send(
        method === 'PUT'
          ? putHead('/uploads/a.csv', 'Transfer-Encoding: chunked')
          : postHead('Transfer-Encoding: chunked'),
      );
      if (method === 'POST') await connection.send(chunk(Buffer.from(partHead('a.csv'))));
      const sending = sendWithoutEnd(connection, piece, 500 * MIB);
      const reply = await connection.reply();
      expect(reply.status).toBe(413);
      expect(JSON.parse(reply.body)).toMatchObject({ code: 'upload_too_large' });
      expect(await sending).toBeLessThan(100 * MIB);
    });
  });

  test.each<[string, () => string, Buffer]>([
    ['a PUT of known length', () => putHead('/uploads/a.csv', `Content-Length: ${8 * MIB}`), Buffer.alloc(MIB, 'x')],
    [
      'a PUT of unknown length',
      () => putHead('/uploads/a.csv', 'Transfer-Encoding: chunked'),
      chunk(Buffer.alloc(MIB, 'x')),
    ],
    ['a form', () => postHead(`Content-Length: ${8 * MIB}`) + partHead('a.csv'), Buffer.alloc(MIB, 'x')],
    [
      'a form of unknown length',
      () => `${postHead('Transfer-Encoding: chunked')}${chunk(Buffer.from(partHead('a.csv')))}`,
      chunk(Buffer.alloc(MIB, 'x')),
    ],
  ])('a client that sends %s and only then reads finds the reply, not a reset', async (_, head, piece) => {
    const connection = await openRaw(service.url);
    connection.socket.pause();
    await connection.send(head());
    for (let sent = 0; sent < 7; sent += 1) await connection.send(piece);
    expect(connection.socket.errored).toBeNull();
    connection.socket.resume();
    expect((await connection.reply()).status).toBe(413);
    connection.socket.destroy();
  });

  test('files of one form count together, and none of them is kept', async () => {
    await expectNothingKept(service, async () => {
      const third = Buffer.alloc(LIMIT / 2 - 1000, 'x');
      const call = request(service.url).post('/uploads');
      for (const name of ['a.csv', 'b.csv', 'c.csv']) call.attach('file', third, name);
      expect((await call.expect(413)).body).toMatchObject({ code: 'upload_too_large' });
    });
  });

  test('a file of exactly the limit is taken, by PUT and in a form', async () => {
    const exactly = (tag: string) => Buffer.from(plainFile({ tag, to: 20_000 }).padEnd(LIMIT, '\n')).subarray(0, LIMIT);
    const put = await request(service.url).put('/uploads/exact-put.csv').send(exactly('exact put')).expect(202);
    const post = await request(service.url)
      .post('/uploads')
      .attach('f', exactly('exact post'), 'exact-post.csv')
      .expect(202);
    expect([put, post].map(({ body }) => body.files[0].sizeBytes)).toEqual([LIMIT, LIMIT]);
    const more = Buffer.concat([exactly('more'), Buffer.from('\n')]);
    await request(service.url).put('/uploads/more.csv').send(more).expect(413);
    await request(service.url).post('/uploads').attach('f', more, 'more.csv').expect(413);
    await settledFile(service.database, 'exact-put.csv');
    await settledFile(service.database, 'exact-post.csv');
  });

  test('curl, which goes on sending, is told 413 each time rather than cut off without a word', async () => {
    const elsewhere = await createTestDirectory();
    const path = join(elsewhere, 'huge.csv');
    await writeFile(path, Buffer.alloc(60 * MIB, 'x'));
    await expectNothingKept(service, async () => {
      const url = `${service.url}/uploads`;
      for (let round = 0; round < 3; round += 1) {
        const results = [
          await curl('-H', 'Expect:', '-T', path, `${url}/`),
          await curl('-H', 'Expect:', '-H', 'Transfer-Encoding: chunked', '-T', path, `${url}/`),
          await curl('-H', 'Expect:', '-F', `file=@${path}`, url),
          await curl('-H', 'Expect:', '-H', 'Transfer-Encoding: chunked', '-F', `file=@${path}`, url),
          await curl('-T', path, `${url}/`),
          await curl('-F', `file=@${path}`, url),
        ];
        expect(results.map(({ status, body }) => [status, body?.code])).toEqual(
          results.map(() => [413, 'upload_too_large']),
        );
      }
    });
    await rm(elsewhere, { recursive: true });
  });
});

describe('E2 broken forms are the client’s fault, are said so at once, and leave nothing', () => {
  const long = 'x'.repeat(252);
  const disposition = 'Content-Disposition: form-data; name="f"; filename="a.csv"';
  const broken: [string, string, string][] = [
    ['no final boundary', 'b', `--b\r\n${disposition}\r\n\r\nabc\r\n`],
    ['cut in the content', 'b', `--b\r\n${disposition}\r\n\r\nab`],
    ['cut in the headers of a part', 'b', `--b\r\nContent-Dispos`],
    ['cut in the boundary', 'b', `--b\r\n${disposition}\r\n\r\nabc\r\n--`],
    ['another boundary than announced', 'other', `--b\r\n${disposition}\r\n\r\nabc\r\n--b--\r\n`],
    ['no boundary at all', '', `--b\r\n${disposition}\r\n\r\nabc\r\n--b--\r\n`],
    ['only the end', 'b', '--b--\r\n'],
    ['no part', 'b', 'nothing here'],
    ['an empty body', 'b', ''],
    ['a part without headers', 'b', '--b\r\n\r\nabc\r\n--b--\r\n'],
    [
      'a field called __proto__',
      'b',
      `--b\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\nabc\r\n--b--\r\n`,
    ],
    ['a file called __proto__', 'b', `--b\r\n${disposition.replace('"f"', '"__proto__"')}\r\n\r\nabc\r\n--b--\r\n`],
    [
      'a JSON field that is none',
      'b',
      `--b\r\nContent-Disposition: form-data; name="j"\r\nContent-Type: application/json\r\n\r\n{\r\n--b--\r\n`,
    ],
    ['a long boundary and its beginning', long, `--${long}\r\n${disposition}\r\n\r\n--${long.slice(1)}\r\n`],
    ['2,000 fields', 'b', `${'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n'.repeat(2000)}--b--\r\n`],
    ['2,000 files', 'b', `${`--b\r\n${disposition}\r\n\r\nabc\r\n`.repeat(2000)}--b--\r\n`],
    ['10,000 fields', 'b', `${'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n'.repeat(10_000)}--b--\r\n`],
    ['10,000 files', 'b', `${`--b\r\n${disposition}\r\n\r\nabc\r\n`.repeat(10_000)}--b--\r\n`],
    ['200 headers in a part', 'b', `--b\r\n${'X: y\r\n'.repeat(200)}\r\nabc\r\n--b--\r\n`],
  ];

  let blocked: ReturnType<typeof monitorEventLoopDelay>;
  beforeAll(() => {
    blocked = monitorEventLoopDelay({ resolution: 5 });
    blocked.enable();
  });

  test.each(broken)('%s', async (_, boundary, body) => {
    await expectNothingKept(service, async () => {
      const type = boundary === '' ? 'multipart/form-data' : `multipart/form-data; boundary=${boundary}`;
      const reply = await request(service.url).post('/uploads').set('content-type', type).send(body);
      expect(reply.headers['content-type']).toMatch(/^application\/problem\+json\b/);
      expect([
        [400, 'malformed_multipart'],
        [400, 'no_file'],
        [413, 'too_many_parts'],
      ]).toContainEqual([reply.status, reply.body.code]);
    });
  });

  test('a boundary of 252 bytes that arrives in pieces neither hangs the server nor breaks the file', async () => {
    const content = plainFile({ tag: 'long boundary', to: 3 });
    const body = `--${long}\r\n${disposition}\r\n\r\n${content}\r\n--${long}--\r\n`;
    const connection = await openRaw(service.url);
    await connection.send(
      `POST /uploads?wait=30 HTTP/1.1\r\nHost: ${host}\r\nContent-Type: multipart/form-data; boundary=${long}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    for (let at = 0; at < body.length; at += 50) {
      await connection.send(body.slice(at, at + 50));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const reply = await connection.reply();
    connection.socket.destroy();
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body).files).toMatchObject([{ status: 'loaded', rowsLoaded: 3 }]);
  });

  test('a file part called __proto__ among its headers is a file like any other', async () => {
    const body = `--b\r\n__proto__: x\r\n${disposition}\r\n\r\n${plainFile({ tag: 'proto', to: 2 })}\r\n--b--\r\n`;
    const reply = await request(service.url)
      .post('/uploads?wait=30')
      .set('content-type', 'multipart/form-data; boundary=b')
      .send(body);
    expect(reply.body.files).toMatchObject([{ status: 'loaded', rowsLoaded: 2 }]);
  });

  test('a bare CR or LF in a file name ends the form or is made harmless, and no second header comes of it', async () => {
    for (const [n, cut] of ['\r', '\n', '\r\n', '%0d%0a', '\u2028'].entries()) {
      const content = plainFile({ tag: `cut name ${n}`, to: 1 });
      const body = `--b\r\nContent-Disposition: form-data; name="f"; filename="a${cut}Content-Type: x.csv"\r\n\r\n${content}\r\n--b--\r\n`;
      const call = request(service.url).post('/uploads?wait=30').set('content-type', 'multipart/form-data; boundary=b');
      const reply = await call.send(body);
      expect([200, 400], JSON.stringify(cut)).toContain(reply.status);
      for (const { name, rowsLoaded } of reply.body.files ?? []) {
        expect(name).not.toMatch(/[\p{Cc}\p{Zl}]/u);
        expect(rowsLoaded).toBe(1);
      }
    }
  });

  test('none of them keeps everybody else waiting', () => {
    blocked.disable();
    // In nanoseconds. The 99th percentile, for this process is the client as well and collects its garbage.
    expect(blocked.percentile(99) / 1e6).toBeLessThan(100);
    expect(blocked.max / 1e6).toBeLessThan(1000);
  });

  test('after all of them the server works', async () => {
    await request(service.url).get('/health').expect(200);
    expect((await namesIn(service)).spool).toEqual([]);
  });
});

describe('E3 a client that goes away', () => {
  const rows = plainFile({ tag: 'aborted', to: 5000 });

  test.each([
    0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999,
  ])('after %f of a PUT leaves nothing', async (share) => {
    await expectNothingKept(service, async () => {
      const connection = await openRaw(service.url);
      await connection.send(putHead('/uploads/gone.csv', `Content-Length: ${rows.length}`));
      await connection.send(rows.slice(0, Math.floor(rows.length * share)));
      await receiving(share > 0);
      connection.socket.destroy();
    });
  });

  test.each([
    0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999,
  ])('after %f of a form leaves nothing, of no file of the form', async (share) => {
    await expectNothingKept(service, async () => {
      const body = `${partHead('whole.csv')}${plainFile({ tag: 'whole part', to: 10 })}\r\n${partHead('half.csv')}${rows}\r\n--b--\r\n`;
      const connection = await openRaw(service.url);
      await connection.send(postHead(`Content-Length: ${body.length}`));
      await connection.send(body.slice(0, Math.floor(body.length * share)));
      await receiving(share > 0);
      connection.socket.destroy();
    });
  });

  test('with a reset in the middle of a chunk leaves nothing', async () => {
    await expectNothingKept(service, async () => {
      const connection = await openRaw(service.url);
      await connection.send(putHead('/uploads/reset.csv', 'Transfer-Encoding: chunked'));
      await connection.send('ffff\r\nuser_id,event');
      await receiving(true);
      connection.socket.resetAndDestroy();
    });
  });

  test('while it waits for its reply has sent its file all the same: it is loaded', async () => {
    const content = plainFile({ tag: 'impatient', to: 4 });
    const connection = await openRaw(service.url);
    await connection.send(putHead('/uploads/impatient.csv?wait=60', `Content-Length: ${content.length}`) + content);
    await settledFile(service.database, 'impatient.csv');
    connection.socket.destroy();
    expect(await settledFile(service.database, 'impatient.csv')).toMatchObject({ status: 'loaded', loaded: 4 });
  });

  test('is no error of the server', () => {
    const loud = service.logLines.filter((line) => JSON.parse(line).level >= 50);
    expect(loud).toEqual([]);
  });

  /** Until the upload is really being written, so that it is cut off in the middle and not before it began. */
  async function receiving(isExpected: boolean): Promise<void> {
    const deadline = performance.now() + 5000;
    while (isExpected && (await namesIn(service)).spool.length === 0) {
      if (performance.now() > deadline) throw new Error('nothing arrives in the spool');
      await delay(5);
    }
  }
});

describe('E6 connections', () => {
  test('have limits for headers, idleness and length, also where no proxy stands before them', () => {
    const { server } = service.app;
    expect(server.headersTimeout).toBe(15_000);
    expect(server.keepAliveTimeout).toBe(10_000);
    expect(server.timeout).toBe(90_000);
    expect(server.requestTimeout).toBe(3 * 3600 * 1000);
  });

  test('that stop in the middle of an upload are closed, and nothing of it stays', async () => {
    const { server } = service.app;
    const usual = server.timeout;
    server.setTimeout(200);
    try {
      await expectNothingKept(service, async () => {
        const connection = await openRaw(service.url);
        await connection.send(`${putHead('/uploads/slow.csv', 'Content-Length: 1000')}user_id,`);
        await connection.closed();
      });
    } finally {
      server.setTimeout(usual);
    }
  });

  test('that never finish their headers keep nobody else from being served', async () => {
    const slow = await Promise.all(Array.from({ length: 100 }, () => openRaw(service.url)));
    try {
      await Promise.all(slow.map((connection) => connection.send('GET /health HTTP/1.1\r\nX-Slow: ')));
      const replies = await Promise.all(Array.from({ length: 20 }, () => request(service.url).get('/health')));
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    } finally {
      for (const { socket } of slow) socket.destroy();
    }
  });

  test.each<[string, () => string, number, string]>([
    [
      'headers beyond 16 KiB',
      () => `GET /health HTTP/1.1\r\nHost: ${host}\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'an address beyond 16 KiB',
      () => `GET /health?${'x'.repeat(17_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['a method that there is not', () => `FOO /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400, 'malformed_request'],
    [
      'two lengths',
      () => `PUT /uploads/a HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      400,
      'malformed_request',
    ],
    [
      'a length and chunks, by which requests are smuggled',
      () =>
        `PUT /uploads/a HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'malformed_request',
    ],
    [
      'an address that can not be decoded',
      () => `GET /analytics/users/%ff HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      400,
      'invalid_url',
    ],
  ])('%s', async (_, text, status, code) => {
    const reply = await sendRaw(service.url, text());
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toMatchObject({ status, code });
  });

  test('a broken chunk in the middle of an upload leaves nothing', async () => {
    await expectNothingKept(service, async () => {
      const connection = await openRaw(service.url);
      await connection.send(
        `${putHead('/uploads/chunk.csv', 'Transfer-Encoding: chunked')}5\r\nuser_\r\nnot a length\r\n`,
      );
      await connection.closed();
    });
  });

  test('calls without a file take no body worth mentioning', async () => {
    const { status, body } = await request(service.url).post('/ingestion/files/1/retry').send('x'.repeat(70_000));
    expect({ status, code: body.code }).toEqual({ status: 413, code: 'body_too_large' });
  });

  test('one connection serves several uploads, one after the other', async () => {
    const connection = await openRaw(service.url);
    for (const n of [1, 2, 3]) {
      const content = plainFile({ tag: `kept alive ${n}`, to: n });
      await connection.send(putHead(`/uploads/alive-${n}.csv?wait=30`, `Content-Length: ${content.length}`) + content);
      const reply = await connection.reply();
      expect(JSON.parse(reply.body).files).toMatchObject([{ status: 'loaded', rowsLoaded: n }]);
    }
    connection.socket.destroy();
  });
});

test('E8 a folder that somebody removed comes back with the next upload', async () => {
  const own = await startTestService();
  try {
    await rm(own.directory, { recursive: true });
    const content = Buffer.from(plainFile({ tag: 'removed', to: 2 }));
    const { body } = await request(own.url).put('/uploads/removed.csv?wait=30').send(content).expect(200);
    expect(body.files).toMatchObject([{ status: 'loaded' }]);
  } finally {
    await own.close();
  }
});

describe('E1 I6: memory does not grow with the upload', () => {
  let large: TestService;
  beforeAll(async () => {
    large = await startTestService();
  });
  afterAll(async () => await large.close());

  test.each([
    ['PUT', 300],
    ['form', 120],
  ])('a %s of %i MiB is streamed to disk whole', async (method, mebibytes) => {
    // The head of the file names no columns, so it fails as a whole, and nothing but the upload is measured.
    const piece = chunk(Buffer.from(`${plainRows({ tag: method, to: 12_000 })}`.slice(0, MIB).padEnd(MIB, '\n')));
    const own = new URL(large.url).host;
    const connection = await openRaw(large.url);
    if (method === 'PUT') {
      await connection.send(`PUT /uploads/large.csv HTTP/1.1\r\nHost: ${own}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    } else {
      await connection.send(
        `POST /uploads HTTP/1.1\r\nHost: ${own}\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      await connection.send(chunk(Buffer.from(partHead('large.csv'))));
    }
    const before = process.memoryUsage.rss();
    let peak = before;
    for (let sent = 0; sent < mebibytes; sent += 1) {
      await connection.send(piece);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    if (method === 'form') await connection.send(chunk(Buffer.from('\r\n--b--\r\n')));
    await connection.send('0\r\n\r\n');
    const reply = await connection.reply(25_000);
    connection.socket.destroy();
    expect(reply.status).toBe(202);
    const [file] = JSON.parse(reply.body).files;
    expect(file).toMatchObject({ sizeBytes: mebibytes * MIB });
    // Node keeps some freed buffers for later; a body held in memory would be seen at any size.
    expect((peak - before) / MIB).toBeLessThan(Math.min(150, mebibytes * 0.75));
    await settledFile(large.database, file.name);
  });
});
