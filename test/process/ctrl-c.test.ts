import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesBelow } from '../support/embedded-place.ts';
import { eventually } from '../support/eventually.ts';
import { plainFile, plainRows } from '../support/plain-events.ts';
import { createTestDirectory } from '../support/service.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const GONE_WITHIN_MS = 10_000;
const LARGE = { tag: 'large', to: 60_000 };

let directory: string;
let input: string;

beforeEach(async () => {
  directory = await createTestDirectory();
  input = join(directory, 'input');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** With its own PostgreSQL, and as a shell starts it: in a process group of its own, all of which Ctrl-C reaches. */
function start(): SluiceProcess {
  return new SluiceProcess('main.js', [], {
    cwd: directory,
    ownGroup: true,
    env: { PORT: '0', SETTLE_MS: '50', LOADERS: '1', COMMIT_ROWS: '500', INPUT_DIR: input },
  });
}

function pressCtrlC(service: SluiceProcess): void {
  process.kill(-(service.child.pid ?? 0), 'SIGINT');
}

/** An upload whose body has begun and does not end; resolves with the status, or with what became of the connection. */
function halfAnUpload(url: string): Promise<number | string> {
  const upload = request(`${url}/uploads/half.csv`, { method: 'PUT', headers: { 'transfer-encoding': 'chunked' } });
  const outcome = new Promise<number | string>((resolve) => {
    upload.on('response', (response) => resolve(response.statusCode ?? 0));
    upload.on('error', (error) => resolve(error.message));
  });
  upload.write(plainFile({ tag: 'half', to: 100 }));
  return outcome;
}

async function filesOf(url: string): Promise<unknown> {
  const { data } = (await (await fetch(`${url}/ingestion/files`)).json()) as { data: unknown[] };
  return data;
}

describe('Ctrl-C, which reaches the whole process group, during a load and an upload', () => {
  async function underWay(): Promise<{ service: SluiceProcess; upload: Promise<number | string> }> {
    const service = start();
    const url = await service.ready();
    const upload = halfAnUpload(url);
    await eventually(async () => expect(await readdir(join(input, '.uploads'))).toHaveLength(1));
    writeFileSync(join(input, 'large.csv'), plainFile({ ...LARGE, to: 1000 }) + plainRows({ ...LARGE, from: 1000 }));
    await eventually(async () => expect(await filesOf(url)).toMatchObject([{ status: 'loading' }]));
    return { service, upload };
  }

  it('A6 I1 I2 I4 finishes or rolls back, then stops PostgreSQL, and ends with 0; the half upload is kept nowhere', async () => {
    const { service, upload } = await underWay();
    const pressed = performance.now();
    pressCtrlC(service);
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - pressed).toBeLessThan(GONE_WITHIN_MS);
    expect(await upload).not.toSatisfy((status) => typeof status === 'number' && status < 400);
    expect(processesBelow(join(directory, 'data'))).toEqual([]);
    expect(await readdir(join(input, '.uploads'))).toEqual([]);

    const next = start();
    const url = await next.ready();
    await eventually(async () =>
      expect(await filesOf(url)).toMatchObject([
        { name: 'large.csv', status: 'loaded', rowsRead: LARGE.to, rowsLoaded: LARGE.to },
      ]),
    );
    pressCtrlC(next);
    expect(await next.exited).toEqual({ code: 0, signal: null });
  }, 60_000);

  it('A6 I1 pressed twice ends at once with 1; PostgreSQL, which it does not reach, is taken over by the next start', async () => {
    const { service } = await underWay();
    pressCtrlC(service);
    await eventually(() => expect(service.stdout).toContain('stopping: finishing or rolling back'));
    const pressed = performance.now();
    pressCtrlC(service);
    const [code] = await once(service.child, 'close');
    expect(performance.now() - pressed).toBeLessThan(2000);
    expect(code).toBe(1);

    const next = start();
    const url = await next.ready();
    await eventually(async () =>
      expect(await filesOf(url)).toMatchObject([{ name: 'large.csv', status: 'loaded', rowsLoaded: LARGE.to }]),
    );
    pressCtrlC(next);
    expect(await next.exited).toEqual({ code: 0, signal: null });
    expect(processesBelow(join(directory, 'data'))).toEqual([]);
  }, 60_000);
});
