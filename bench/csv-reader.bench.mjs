/**
 * Rows per second of the record reader against csv-parse, on the same bytes in memory.
 *
 *   npm run build && node bench/csv-reader.bench.mjs [built directory, default dist]
 *
 * Alternating runs, median of each, so that both meet the same state of the machine.
 */
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parse } from 'csv-parse/sync';

const built = resolve(process.argv[2] ?? 'dist', 'ingest/csv/record-reader.js');
const { RecordReader } = await import(pathToFileURL(built).href);

const ROWS = 200_000;
const RUNS = 7;
const CHUNK_BYTES = 256 * 1024;
const FIELDS = 7;

const inputs = {
  plain: rows(
    (n) =>
      `user_${n},purchase,2024-03-15T10:${minute(n)}:00.123456Z,prod_${n % 977},Wireless Mouse Model ${n % 53},29.99,session_${n}_ab`,
  ),
  quoted: rows(
    (n) =>
      `"user_${n}","purchase","2024-03-15T10:${minute(n)}:00.123456Z","prod_${n % 977}","Mouse, ""${n % 53}""","29.99","session_${n}"`,
  ),
  accented: rows(
    (n) =>
      `user_${n},purchase,2024-03-15T10:${minute(n)}:00.123456Z,prod_${n % 977},Café Über Größe ${n % 53} é,29.99,session_${n}_ab`,
  ),
};

for (const [name, bytes] of Object.entries(inputs)) {
  const contenders = {
    'reader, no strings': () => readRecords(bytes, () => {}),
    'reader, text of every field': () => readRecords(bytes, textOfEveryField),
    'csv-parse': () => parse(bytes, { relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'] }).length,
  };
  const times = Object.fromEntries(Object.keys(contenders).map((key) => [key, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const [key, read] of Object.entries(contenders)) times[key].push(timed(read));
  }
  console.log(`${name}: ${ROWS} rows of ${Math.round(bytes.length / ROWS)} bytes`);
  for (const [key, list] of Object.entries(times)) report(key, bytes.length, median(list));
}

function rows(row) {
  let text = '';
  for (let n = 0; n < ROWS; n++) text += `${row(n)}\n`;
  return Buffer.from(text);
}

function minute(n) {
  return String(n % 60).padStart(2, '0');
}

function readRecords(bytes, record) {
  let count = 0;
  const reader = new RecordReader(
    { delimiter: 0x2c, fieldCount: FIELDS, maxRecordBytes: 1024 * 1024, startOffset: 0, startLine: 2 },
    {
      record(view) {
        count++;
        record(view);
      },
      broken(span) {
        throw new Error(span.message);
      },
    },
  );
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) reader.push(bytes.subarray(at, at + CHUNK_BYTES));
  reader.end();
  return count;
}

function textOfEveryField(view) {
  for (let index = 0; index < FIELDS; index++) view.text(index);
}

function timed(read) {
  const start = performance.now();
  const count = read();
  const seconds = (performance.now() - start) / 1000;
  if (count !== ROWS) throw new Error(`${count} rows instead of ${ROWS}`);
  return seconds;
}

function median(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}

function report(name, size, seconds) {
  const perSecond = Math.round(ROWS / seconds).toLocaleString('en');
  console.log(
    `  ${name.padEnd(28)} ${perSecond.padStart(12)} rows/s ${Math.round(size / seconds / 1e6)
      .toString()
      .padStart(6)} MB/s`,
  );
}
