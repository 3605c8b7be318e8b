// The two times that a newcomer feels: from a rename into the folder to a visible row, and from start to ready.
//   npx tsc -p tsconfig.build.json && node bench/first-figures.mjs [--files 50] [--starts 5]
// Everything runs in a temporary directory with an embedded PostgreSQL of its own, as `npm start` runs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';

const { values } = parseArgs({
  options: { files: { type: 'string', default: '50' }, starts: { type: 'string', default: '5' } },
});
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
// Run by root, PostgreSQL has a user of its own, who has to get in.
await chmod(directory, 0o711);
const input = join(directory, 'input');
await mkdir(input);

const starts = [];
try {
  starts.push(await timedStart(stop));
  for (let i = 0; i < Number(values.starts); i += 1) starts.push(await timedStart(stop));
  const [first, ...later] = starts;
  print('start to ready, first time (creates the database)', [first]);
  print('start to ready, existing database', later);
  await timedStart(async (server) => {
    const client = new pg.Client({ connectionString: await readFile(join(directory, 'data', 'database-url'), 'utf8') });
    await client.connect();
    await visibleAfter(client, 'warm-up', 0);
    print('rename to visible row, file just written (SETTLE_MS 200 counts)', await times(client, 'fresh', 0));
    print('rename to visible row, file written a while ago', await times(client, 'aged', 1000));
    await client.end();
    await stop(server);
  });
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function times(client, name, ageMs) {
  const results = [];
  for (let i = 0; i < Number(values.files); i += 1) results.push(await visibleAfter(client, `${name}-${i}`, ageMs));
  return results;
}

async function visibleAfter(client, name, ageMs) {
  const made = join(directory, `${name}.csv`);
  const header = 'user_id,event_type,event_timestamp,product_id,product_name,product_price,session_id';
  await writeFile(made, `${header}\n${name},view,2026-01-01T00:00:00Z,P1,Shoe,1.00,s1\n`);
  await delay(ageMs);
  const start = performance.now();
  await rename(made, join(input, `${name}.csv`));
  for (;;) {
    const { rowCount } = await client.query('select 1 from user_events where user_id = $1', [name.toUpperCase()]);
    if (rowCount > 0) return performance.now() - start;
    if (performance.now() - start > 30_000) throw new Error(`${name} did not appear within 30 s`);
    await delay(2);
  }
}

async function timedStart(use) {
  const start = performance.now();
  const env = { ...process.env, PORT: '0', INPUT_DIR: input, DATA_DIR: join(directory, 'data'), LOG_LEVEL: 'silent' };
  const server = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of server.stdout) {
    output += chunk;
    if (output.includes('is ready')) break;
  }
  const ms = performance.now() - start;
  await use(server);
  return ms;
}

async function stop(server) {
  server.kill('SIGTERM');
  if (server.exitCode === null) await once(server, 'exit');
}

function print(what, results) {
  const sorted = [...results].sort((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
  console.log(`${what}: n ${sorted.length}, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`);
}
