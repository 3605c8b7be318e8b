import { spawn } from 'node:child_process';

export interface CurlResult {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever the server sent
  readonly body: any;
  /** curl's own exit code: 0 unless the connection failed */
  readonly exitCode: number;
  /** seconds for the whole transfer */
  readonly seconds: number;
}

/** Runs the real curl, which uses `Expect: 100-continue` and stops sending where it is refused, as users do. */
export async function curl(...args: readonly string[]): Promise<CurlResult> {
  const child = spawn('curl', ['-sS', '-m', '30', '-w', '\n%{http_code} %{time_total}', ...args]);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code ?? -1));
  });
  const [, text = '', status, seconds] = /^(.*)\n(\d+) ([\d.]+)$/s.exec(output) ?? [];
  if (status === undefined) throw new Error(`curl answered '${output}' and '${errors}'`);
  return {
    status: Number(status),
    body: text === '' ? undefined : JSON.parse(text),
    exitCode,
    seconds: Number(seconds),
  };
}
