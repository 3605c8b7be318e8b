import { get as httpGet } from 'node:http';
import { parse } from 'csv-parse/sync';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/database/client.ts';
import { rejectCsv } from '../../../src/http/reject-csv.ts';
import { unmarked } from '../../../src/ingest/csv/formula-mark.ts';
import { csvLine, QUOTED_STYLE } from '../../support/csv-line.ts';
import { eventually } from '../../support/eventually.ts';
import { HEADER } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

const OWN_COLUMNS = ['sluice_line', 'sluice_reason', 'sluice_message'];
const COLUMNS = [...HEADER.trim().split(','), ...OWN_COLUMNS];
/** Behind a user; it has no price, so it is rejected. */
const ROW = ',view,2024-01-15,p1,Mug,,s1';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => await service.close());

const asCsv = (fileId: number) =>
  request(service.url).get(`/ingestion/files/${fileId}/rejects`).set('accept', 'text/csv').buffer(true);

async function load(name: string, content: string): Promise<number> {
  const path = `/uploads/${encodeURIComponent(name)}?wait=30`;
  const reply = await request(service.url).put(path).send(Buffer.from(content)).expect(200);
  expect(reply.body.files[0]).toMatchObject({ status: 'loaded' });
  return reply.body.files[0].fileId;
}

/** Rejected rows made in the database: more of them than one would like to upload. */
async function fileOfRejects(name: string, count: number, rawBytes: number, of = service): Promise<number> {
  const [file] = await of.database.query<{ id: number }>(
    `insert into source_files (name, path, origin, status, size_bytes, fingerprint, rows_read, rows_rejected)
     values ($1, '/nowhere/' || $1, 'directory', 'loaded', 1, '1', $2, $2) returning file_id::int as id`,
    [name, count],
  );
  await of.database.query(
    `insert into rejected_rows (file_id, line_number, reason, message, raw)
     select $1, n + 1, 'malformed_quotes', 'a message', rpad(n::text, $3, 'x') from generate_series(1, $2) n`,
    [file?.id, count, rawBytes],
  );
  return file?.id ?? 0;
}

function parsed(text: string): string[][] {
  return parse(text, { record_delimiter: '\r\n', relax_column_count: false });
}

const csvText = (cells: readonly string[]) => `${csvLine(cells, QUOTED_STYLE)}\n`;

const HOSTILE = [
  '=1+1',
  "=cmd|' /C calc'!A0",
  '+1',
  '-1+2',
  '@SUM(A1)',
  '\t=1',
  '  =HYPERLINK("http://evil.example")',
  '\u00a0=1',
  '\ufeff=1',
  '"=1"',
  "'=1",
  '＝1',
  '＋1',
  '－1',
  '＠1',
];

describe('F5 GET /ingestion/files/{fileId}/rejects with Accept: text/csv', () => {
  test('gives every text back to a CSV reader, and none to a spreadsheet as a formula', async () => {
    // Whatever stands in its other columns, no row has this event type.
    const plain = ['u1', 'look', '2024-01-15', 'p1', 'Mug', '1.00', 's1'];
    const hostile = HOSTILE.flatMap((text) => plain.map((_, column) => plain.with(column, text)));
    const fileId = await load('hostile.csv', HEADER + hostile.map(csvText).join(''));
    // A price that is none, and a text of several lines with quotes and delimiters.
    const others = [
      ['u1', 'view', '2024-01-15', 'p1', 'a "b",\r\nc;\td', '=2+5', 's1'],
      ["'=u", 'view', '2024-01-15', 'p1', ';=1', '', "''=s"],
    ];
    const othersId = await load('others.csv', HEADER + others.map(csvText).join(''));
    for (const [id, texts] of [
      [fileId, hostile],
      [othersId, others],
    ] as const) {
      const { data } = (await request(service.url).get(`/ingestion/files/${id}/rejects?limit=1000`).expect(200)).body;
      const [header, ...rows] = parsed((await asCsv(id).expect(200)).text);
      expect(header).toEqual(COLUMNS);
      expect(rows).toHaveLength(texts.length);
      for (const cell of rows.flat())
        expect(cell).not.toMatch(/(?:^|[;\t|\r\n])[\s\p{Cf}"]*[=+\-@＝＋－＠]|^[\t\r\n\0]/u);
      // The mark taken off again, it is what the file holds, and what JSON says.
      expect(rows.map((row) => row.map(unmarked))).toEqual(
        data.map((reject: Record<string, unknown>, index: number) => [
          ...(texts[index] ?? []),
          String(reject['lineNumber']),
          reject['reason'],
          `${reject['message']} (file ${id}, line ${reject['lineNumber']})`,
        ]),
      );
    }
  });

  test('is UTF-8 with CRLF, to be saved under the name of the file, and is not guessed to be anything else', async () => {
    const fileId = await load('Événements «№ 1».csv', `${HEADER}é${ROW}\n`);
    const { headers, text } = await asCsv(fileId).expect(200);
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'x-content-type-options': 'nosniff',
      vary: 'accept',
      'content-disposition':
        'attachment; filename="_v_nements __ 1_-rejects.csv"; ' +
        "filename*=UTF-8''%C3%89v%C3%A9nements%20%C2%AB%E2%84%96%201%C2%BB-rejects.csv",
    });
    expect(text.split('\r\n')).toHaveLength(3);
    expect(text).toContain('é,view');
  });

  test.each([
    ['a"; filename="evil.exe', 'a__ filename=_evil.exe'],
    ['../../etc/cron.d/x.csv.gz', 'x'],
    ['a\r\nSet-Cookie: b=c\u202Egnp.csv', 'a__Set-Cookie_ b_c_gnp'],
    ["l'été*100%.csv", 'l__t__100_'],
    ['.csv', 'csv'],
  ])('a file called %j writes nothing of its own into the header', async (name, plain) => {
    const fileId = await fileOfRejects(name, 1, 1);
    const { headers } = await asCsv(fileId).expect(200);
    const [, shown, encoded = ''] =
      /^attachment; filename="([\w. -]+)-rejects\.csv"; filename\*=UTF-8''([\w.!#$&+^`|~%-]+)$/.exec(
        headers['content-disposition'] ?? '',
      ) ?? [];
    expect(shown).toBe(plain.replaceAll(/[^\w. -]/g, '_'));
    expect(decodeURIComponent(encoded)).not.toMatch(/[\p{Cc}\p{Cf}/\\]|^\./u);
    expect(headers['set-cookie']).toBeUndefined();
  });

  test('has all of them, each once and in their order, however many pages that is', async () => {
    for (const count of [0, 499, 500, 501, 1777]) {
      const fileId = await fileOfRejects(`count-${count}.csv`, count, 10);
      const { text } = await asCsv(fileId).query({ limit: 3 }).expect(200);
      const [, ...rows] = parsed(text);
      expect(rows.map((row) => Number(row.at(-3)))).toEqual(Array.from({ length: count }, (_, index) => index + 2));
    }
  });

  test('is JSON for who does not ask for it, and an unknown file is a problem document for everybody', async () => {
    const fileId = await fileOfRejects('json.csv', 2, 5);
    for (const accept of ['*/*', 'application/json', 'text/csv;q=0.1, application/json']) {
      const reply = await request(service.url).get(`/ingestion/files/${fileId}/rejects`).set('accept', accept);
      expect(reply.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', vary: 'accept' });
      expect(reply.body.data).toHaveLength(2);
    }
    const missing = await asCsv(123456789).expect(404);
    expect(missing.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(missing.headers['content-disposition']).toBeUndefined();
  });

  test('begins with a byte order mark for a spreadsheet only', async () => {
    const fileId = await fileOfRejects('mark.csv', 1, 1);
    const forProgram = await asCsv(fileId).expect(200);
    const forSpreadsheet = await asCsv(fileId).query({ format: 'csv' }).expect(200);
    expect(forProgram.text).toMatch(/^user_id,/);
    expect(forSpreadsheet.text).toBe(`\ufeff${forProgram.text}`);
  });

  test('HEAD has its headers and reads no row', async () => {
    const fileId = await fileOfRejects('head.csv', 5000, 10);
    const { headers } = await request(service.url)
      .head(`/ingestion/files/${fileId}/rejects`)
      .set('accept', 'text/csv')
      .expect(200);
    expect(headers['content-disposition']).toContain('head-rejects.csv');
  });
});

describe('F5 I6 a file of very many rejects', () => {
  test('is asked for page by page, as it is read', async () => {
    const fileId = await fileOfRejects('pages.csv', 2000, 10);
    const database = openDatabase({
      connectionString: service.database.connectionString,
      applicationName: 'sluice-test',
      maxConnections: 1,
      onError: () => {},
    });
    try {
      let queries = 0;
      database.$client.on('acquire', () => {
        queries += 1;
      });
      const csv = rejectCsv(database, { fileId, headerColumns: null, delimiter: null }, { forSpreadsheet: false });
      for (let taken = 0; taken < 3; taken += 1) await csv.next();
      await csv.return(undefined);
      expect(queries).toBe(2);
    } finally {
      await database.$client.end();
    }
  });

  test('that can not be read to its end breaks off, and does not end as if it were whole', async () => {
    const own = await startTestService();
    try {
      const fileId = await fileOfRejects('broken.csv', 20_000, 4000, own);
      const reply = await fetch(`${own.url}/ingestion/files/${fileId}/rejects`, { headers: { accept: 'text/csv' } });
      expect(reply.status).toBe(200);
      const reader = reply.body?.getReader();
      await reader?.read();
      await own.database.query('alter table rejected_rows rename to rejected_rows_away');
      const readOn = async () => {
        for (;;) if ((await reader?.read())?.done !== false) return;
      };
      await expect(readOn()).rejects.toThrow();
    } finally {
      await own.close();
    }
  });

  test('is read no further when the client leaves', async () => {
    const own = await startTestService();
    try {
      const fileId = await fileOfRejects('left.csv', 20_000, 4000, own);
      await new Promise<void>((resolve, reject) => {
        const call = httpGet(
          `${own.url}/ingestion/files/${fileId}/rejects`,
          { headers: { accept: 'text/csv' } },
          (reply) => {
            reply.once('data', () => {
              call.destroy();
              resolve();
            });
            reply.on('error', () => {});
          },
        ).on('error', reject);
      });
      // Sessions that have ended have told what they did.
      await own.service.stop();
      const reads = await eventually(async () => {
        const [row] = await own.database.query<{ scans: number }>(
          "select idx_scan::int as scans from pg_stat_user_tables where relname = 'rejected_rows'",
        );
        expect(row?.scans).toBeGreaterThan(0);
        return row?.scans ?? 0;
      });
      // All of them would be forty pages; what the sockets between the two hold is some.
      expect(reads).toBeLessThan(20);
    } finally {
      await own.close();
    }
  });
});
