// The client of scenario j, a thread of its own, so that what the suite does does not delay it. It asks one question after the other,
// in turn, from the start on: over one connection to the database and over one to the service. `stop` gives all samples back.
import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import { QUESTIONS } from './analytics-questions.mjs';

const TIMEOUT_MS = 30_000;

const { databaseUrl, origin, users } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const client = new pg.Client({
  connectionString: databaseUrl,
  application_name: 'bench',
  statement_timeout: TIMEOUT_MS,
});
// A server that goes away is told by the next query; unheard, the event would end this thread.
client.on('error', () => {});
const samples = [];
let isStopping = false;

parentPort.on('message', () => {
  isStopping = true;
});
await client.connect();
for (let turn = 0; !isStopping; turn += 1) {
  for (const { name, sql, path } of QUESTIONS) {
    const user = users[turn % users.length];
    const sentAt = Date.now();
    const start = performance.now();
    const status = await (sql === undefined ? request(path(user)) : query(sql(user)));
    samples.push({ name, sentAt, ms: performance.now() - start, status });
    // A message is only heard in between.
    await new Promise(setImmediate);
  }
}
await client.end();
parentPort.postMessage(samples);
parentPort.close();

/** 200 for an answer with rows, as of the service. */
async function query(text) {
  return client.query(text).then(
    ({ rows }) => (rows.length > 0 ? 200 : 404),
    () => 0,
  );
}

function request(path) {
  return new Promise((resolve) => {
    get(origin + path, { agent, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode)).on('error', () => resolve(0));
    })
      .on('error', () => resolve(0))
      .on('timeout', function timedOut() {
        this.destroy();
      });
  });
}
