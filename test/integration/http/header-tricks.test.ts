import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ledgerRows } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { expectNothingKept } from './support/folder.ts';
import { openRaw, type RawReply } from './support/raw-request.ts';

const KEY = 'a-long-key-of-the-header-test';

let service: TestService;
let host: string;
beforeAll(async () => {
  service = await startTestService({ env: { API_KEY: KEY, RATE_LIMIT: '0' } });
  host = new URL(service.url).host;
});
afterAll(async () => await service.close());

/** All replies to the bytes until the server hangs up, which it is asked to do: a smuggled request would have one of its own. */
async function repliesTo(text: string): Promise<RawReply[]> {
  const connection = await openRaw(service.url);
  await connection.send(text);
  const replies: RawReply[] = [];
  try {
    for (;;) replies.push(await connection.reply(5000));
  } catch {
    // the end of the connection, after the last reply
  }
  connection.socket.destroy();
  return replies;
}
const keyed = (line: string, headers: readonly string[], body = '') =>
  [line, `Host: ${host}`, `Authorization: Bearer ${KEY}`, 'Connection: close', ...headers, '', body].join('\r\n');
const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;

describe('F9 the type of a body decides nothing about whether it is checked', () => {
  const form = `--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\nabc\r\n--b--\r\n`;

  test.each([
    ['a tab behind it', 'application/json\t; charset=utf-8'],
    ['a tab before it', '\tapplication/json'],
    ['spaces before it', '   application/json'],
    ['odd case', 'aPPlication/JSON'],
    ['a NUL-like escape', 'application/json%00'],
    ['two types', 'multipart/form-data, application/json'],
    ['no subtype', 'multipart'],
    ['a form inside another type', 'text/plain; multipart/form-data; boundary=b'],
    ['nothing', ''],
  ])('a POST of %s is 415, and nothing is kept', async (_, type) => {
    await expectNothingKept(service, async () => {
      const replies = await repliesTo(
        keyed('POST /uploads HTTP/1.1', [`Content-Type: ${type}`, `Content-Length: ${form.length}`], form),
      );
      expect(replies.map(({ status }) => status)).toEqual([415]);
    });
  });

  test.each([
    ['odd case', 'MultiPart/Form-DATA; boundary=b'],
    ['a space before it', '  multipart/form-data; boundary=b'],
    ['a tab before it', '\tmultipart/form-data; boundary=b'],
    ['a tab behind it', 'multipart/form-data\t; boundary=b'],
    ['a quoted boundary', 'multipart/form-data; boundary="b"'],
  ])('a form whose type has %s is a form like any other or refused, never half of each', async (name, type) => {
    const content = plainFile({ tag: `type ${name}`, to: 2 });
    const body = form.replace('abc', content);
    const [reply, ...more] = await repliesTo(
      keyed('POST /uploads?wait=30 HTTP/1.1', [`Content-Type: ${type}`, `Content-Length: ${body.length}`], body),
    );
    expect(more).toEqual([]);
    expect([200, 400, 415]).toContain(reply?.status);
    if (reply?.status === 200) expect(JSON.parse(reply.body).files).toMatchObject([{ rowsLoaded: 2 }]);
  });

  test.each([
    '\tapplication/json',
    ' application/json',
    'text/plain',
    'application/JSON\t',
  ])('a body of type %j does not keep parameters from being checked', async (type) => {
    const headers = [`Content-Type: ${type}`, 'Content-Length: 2'];
    const replies = [
      ...(await repliesTo(keyed('POST /ingestion/files/0/retry HTTP/1.1', headers, '{}'))),
      ...(await repliesTo(keyed('POST /ingestion/files/x/retry HTTP/1.1', headers, '{}'))),
      ...(await repliesTo(keyed('PUT /uploads/a.csv?wait=999 HTTP/1.1', headers, '{}'))),
    ];
    expect(replies.map(({ status }) => status)).toEqual([400, 400, 400]);
  });
});

describe('F9 what proxies and servers may read differently is refused, and never read as two requests', () => {
  const smuggled = `GET /ingestion/files HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer ${KEY}\r\n\r\n`;
  const put = 'PUT /uploads/smuggled.csv HTTP/1.1';

  test.each<[string, readonly string[], string]>([
    ['a length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked'], chunked('x')],
    ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], chunked('x')],
    ['two lengths', ['Content-Length: 1', 'Content-Length: 2'], 'ab'],
    ['twice the same length', ['Content-Length: 2', 'Content-Length: 2'], 'ab'],
    ['a length with a sign', ['Content-Length: +2'], 'ab'],
    ['a length that is a list', ['Content-Length: 2, 2'], 'ab'],
    ['a coding that ends not in chunks', ['Transfer-Encoding: chunked, identity'], chunked('x')],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], chunked('x')],
    ['a coding before a vertical tab', ['Transfer-Encoding: \u000bchunked'], chunked('x')],
    ['a space before the colon', ['Transfer-Encoding : chunked', 'Content-Length: 2'], 'ab'],
    ['a header that is folded', ['X-Folded: a', '\tb', 'Content-Length: 2'], 'ab'],
    ['a coding that is folded', ['Transfer-Encoding:', ' chunked', 'Content-Length: 2'], 'ab'],
    ['a NUL in a header', ['X-Nul: a\u0000b', 'Content-Length: 2'], 'ab'],
    ['a bare CR in a header', ['X-Cr: a\rTransfer-Encoding: chunked', 'Content-Length: 2'], 'ab'],
  ])('%s', async (_, headers, body) => {
    await expectNothingKept(service, async () => {
      const replies = await repliesTo(keyed(put, headers, `${body}${smuggled.replace('HOST', host)}`));
      expect(replies.map(({ status }) => status)).toEqual([400]);
    });
  });

  test('a length in a chunk that is none ends the upload', async () => {
    await expectNothingKept(service, async () => {
      const text = `-1\r\n${smuggled.replace('HOST', host)}`;
      const replies = await repliesTo(keyed(put, ['Transfer-Encoding: chunked'], text));
      expect(replies.length).toBeLessThanOrEqual(1);
      expect(replies.filter(({ status }) => status < 400)).toEqual([]);
    });
  });

  test('an address in absolute form is the address in it: checked like any other, whatever name it has', async () => {
    const ask = async (url: string, key: string) =>
      (await repliesTo(`GET ${url} HTTP/1.1\r\nHost: ${host}\r\n${key}Connection: close\r\n\r\n`)).map(
        ({ status }) => status,
      );
    const right = `Authorization: Bearer ${KEY}\r\n`;
    for (const origin of [`http://${host}`, 'http://evil.example']) {
      expect(await ask(`${origin}/ingestion/files`, '')).toEqual([401]);
      expect(await ask(`${origin}/ingestion/files/0`, right)).toEqual([400]);
      expect(await ask(`${origin}/health/../ingestion/files`, '')).toEqual([401]);
    }
    expect(await ask(`http://${host}/ingestion/files`, right)).toEqual([200]);
  });

  test('two requests in one piece are two requests, each checked by itself', async () => {
    const text = `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\nGET /ingestion/files HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    expect((await repliesTo(text)).map(({ status }) => status)).toEqual([200, 401]);
  });
});

test('F9 after all of them nothing that came by a trick is in the ledger', async () => {
  const names = (await ledgerRows(service.database)).map(({ name }) => name);
  expect(names.filter((name) => name.includes('smuggled'))).toEqual([]);
});
