import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FileReply } from '../../../src/http/schemas/file.ts';
import { eventually } from '../../support/eventually.ts';
import { plainFile } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

interface Operation {
  readonly description: string;
  readonly responses: Record<string, unknown>;
}

interface Document {
  readonly info: { readonly description: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, { readonly examples?: readonly object[] }> };
}

const KEY = randomBytes(16).toString('hex');
const LIVE_EVENTS = 'GET /ingestion/events';

describe.each([
  { server: 'without a key', env: {} },
  { server: 'with a key', env: { API_KEY: KEY } },
])('examples of the description, pasted into a shell, on a server $server', ({ env }) => {
  const hasKey = 'API_KEY' in env;
  const authorization: Record<string, string> = hasKey ? { authorization: `Bearer ${KEY}` } : {};
  let service: TestService;
  /** where somebody stands who pastes them */
  let directory: string;
  let document: Document;

  beforeAll(async () => {
    service = await startTestService({ env });
    directory = await createTestDirectory();
    document = (await (await fetch(`${service.url}/openapi.json`)).json()) as Document;
  });
  afterAll(async () => {
    await service.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** As the page says that it is to be done: another address, the number of a file that there is, and the key. */
  function adapted(example: string, fileId: number): string {
    const script = example
      .replaceAll('http://localhost:3000', service.url)
      .replaceAll('/files/7', `/files/${fileId}`)
      .replaceAll('fileId=7', `fileId=${fileId}`);
    const addition = /add `(-H "[^`]+")` to each `curl`/.exec(document.info.description)?.[1];
    if (addition === undefined) throw new Error('the page does not say how to send the key');
    return hasKey ? script.replaceAll(/\bcurl /g, `curl ${addition} `) : script;
  }

  /** Never ends by itself where the example does not. */
  function start(script: string): ChildProcess {
    return spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: directory,
      env: { ...process.env, API_KEY: hasKey ? KEY : '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }

  /** Runs it to its end; every curl tells its status on stderr. */
  async function run(script: string): Promise<{ statuses: number[]; output: string; exitCode: number | null }> {
    const telling = `curl() { command curl -sS -m 30 -w '%{stderr}%{http_code}\\n' "$@"; }`;
    const child = start(`${telling}\n${script}`);
    let output = '';
    let errors = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    const statuses = [...errors.matchAll(/^(\d{3})$/gm)].map(([, status]) => Number(status));
    return { statuses, output: `${output}\n${errors}`, exitCode };
  }

  test('first those at the top of the page, which write the file that all others send and that the replies shown are about', async () => {
    const [example = '', ...others] = examplesIn(document.info.description);
    expect(others).toEqual([]);
    const { statuses, output, exitCode } = await run(adapted(example, 0));
    expect(exitCode, output).toBe(0);
    expect(statuses, output).toEqual([200, 200]);
    const fileId = Number(/"fileId":(\d+)/.exec(output)?.[1]);
    const { File, Reject, RejectCluster, Validation } = document.components.schemas;
    const file = await get(`/ingestion/files/${fileId}`);
    expect(withoutMoments(file)).toEqual(withoutMoments({ ...File?.examples?.[0], fileId }));
    const { data: rejects } = await get(`/ingestion/files/${fileId}/rejects`);
    expect(rejects).toEqual([{ ...Reject?.examples?.[0], fileId }]);
    const { data: clusters } = await get('/ingestion/rejects/summary');
    const named = { fileId, name: 'events.csv' };
    expect(clusters).toEqual([
      {
        ...RejectCluster?.examples?.[0],
        sample: expect.objectContaining({ fileId, message: rejects[0].message }),
        firstFile: named,
        lastFile: named,
      },
    ]);
    const body = await readFile(join(directory, 'events.csv'));
    const response = await fetch(`${service.url}/validate`, { method: 'POST', headers: authorization, body });
    const { files } = (await response.json()) as { readonly files: readonly object[] };
    const [checked] = files;
    const loadedAlready = { name: 'body.csv', outcome: 'duplicate', duplicateOf: fileId };
    expect(checked).toEqual({ ...Validation?.examples?.[0], ...loadedAlready });
  });

  test('then those of each call, on a file in the state that it asks for', async () => {
    for (const { name, operation } of operationsOf(document)) {
      const examples = examplesIn(operation.description);
      expect(examples.length, name).toBeGreaterThan(0);
      if (name === LIVE_EVENTS) continue;
      for (const example of examples) {
        const script = adapted(example, example.includes('7') ? await fileFor(name) : 0);
        const { statuses, output, exitCode } = await run(script);
        expect(exitCode, `${script}\n${output}`).toBe(0);
        expect(statuses, `${script}\n${output}`).toHaveLength(example.match(/\bcurl /g)?.length ?? 0);
        expect(
          statuses.filter((status) => status < 200 || status > 299),
          `${script}\n${output}`,
        ).toEqual([]);
        expect(Object.keys(operation.responses), `${script}\n${output}`).toContain(String(statuses[0]));
      }
    }
  });

  test('and the stream of live events, until it is stopped', async () => {
    const operation = operationsOf(document).find(({ name }) => name === LIVE_EVENTS)?.operation;
    const [example = ''] = examplesIn(operation?.description ?? '');
    const child = start(adapted(example, 0));
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      let output = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      await eventually(() => expect(output).toContain('retry: 2000'));
      await send(plainFile({ tag: 'live', to: 1 }));
      await eventually(() => expect(output).toContain('event: file\ndata: {"fileId":'));
    } finally {
      // The group of the shell, as Ctrl+C does.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
      await ended;
    }
  });

  // biome-ignore lint/suspicious/noExplicitAny: whatever the server sends is compared as a whole
  async function get(path: string): Promise<any> {
    return await (await fetch(`${service.url}${path}`, { headers: authorization })).json();
  }

  let sent = 0;
  async function send(content: string, query = ''): Promise<FileReply> {
    sent += 1;
    const response = await fetch(`${service.url}/uploads/sent-${sent}.csv?wait=30${query}`, {
      method: 'PUT',
      headers: authorization,
      body: content,
    });
    const { files } = (await response.json()) as { readonly files: readonly FileReply[] };
    if (files?.[0] === undefined) throw new Error(`the file was refused: ${response.status}`);
    return files[0];
  }

  /** Its number. */
  async function fileFor(name: string): Promise<number> {
    const rows = { tag: `example-${sent}`, to: 10, badEvery: 2 };
    const isHeld = name.endsWith('/release');
    const { fileId, status } = name.endsWith('/retry')
      ? await send(`no header at all,${sent}\n`)
      : await send(plainFile(rows), isHeld ? '&maxRejectPercent=5' : '');
    expect(status, name).toBe(name.endsWith('/retry') ? 'failed' : isHeld ? 'held' : 'loaded');
    return fileId;
  }
});

function operationsOf(document: Document): { name: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
}

function withoutMoments(file: object): object {
  return Object.fromEntries(Object.entries(file).filter(([name]) => !/At$|^durationMs$/.test(name)));
}

function examplesIn(description: string): string[] {
  return [...description.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script = '']) => script);
}
