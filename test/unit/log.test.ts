import { DrizzleQueryError } from 'drizzle-orm/errors';
import { DatabaseError } from 'pg';
import { expect, test } from 'vitest';
import { createLogger, lineOptions, withoutCommands } from '../../src/log.ts';

function written(write: (log: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  write(createLogger('info', { write: (line: string) => void lines.push(line) }));
  return lines;
}

test('F6 an event is one line of JSON with its time, whatever its values hold', () => {
  const lines = written((log) => log.info({ name: 'a\nb\u001b[31m"}\r\n{"level":50' }, 'file\nloaded'));
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    name: 'a\nb\u001b[31m"}\r\n{"level":50',
    msg: 'file\nloaded',
  });
});

test('F6 of a failed query the statement is written, with code and stack, and none of the values that it was about', () => {
  const cause = Object.assign(new DatabaseError('duplicate key value violates unique constraint "k"', 1, 'error'), {
    code: '23505',
    constraint: 'k',
    table: 'source_files',
    detail: 'Key (name)=(canary) already exists.',
    where: 'COPY user_events, line 1: "canary"',
  });
  const error = new DrizzleQueryError('insert into t values ($1)', ['canary'], cause);
  Object.assign(error, { client: { password: 'canary' }, config: 'canary' });
  const [line = ''] = written((log) => log.error({ err: error }, 'request failed'));

  expect(line).not.toContain('canary');
  expect(JSON.parse(line).err).toMatchObject({
    type: 'DrizzleQueryError',
    message: 'Failed query: insert into t values ($1)',
    stack: expect.stringContaining('    at '),
    cause: { type: 'DatabaseError', code: '23505', constraint: 'k', table: 'source_files', message: cause.message },
  });
});

test('F6 headers are written nowhere, whoever logs them: the key is among them', () => {
  const headers = { authorization: 'Bearer canary', cookie: 'canary' };
  const lines = written((log) => {
    log.error({ headers }, 'x');
    log.error({ req: { headers } }, 'x');
    log.error({ busboyOptions: { headers } }, 'x');
    log.error({ a: { b: { headers } } }, 'x');
  });
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line).not.toContain('canary');
});

test('causes are followed, also those of several errors in one, and not for ever', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const circular = new Error('circular', { cause: new AggregateError([refused], 'all failed') });
  refused.cause = circular;
  const [line = ''] = written((log) => log.warn({ err: circular }, 'x'));
  expect(JSON.parse(line).err.cause).toMatchObject({ message: 'all failed', errors: [{ code: 'ECONNREFUSED' }] });
});

test('what was thrown and is no error is written as it is', () => {
  expect(JSON.parse(written((log) => log.warn({ err: 'text' }, 'x'))[0] ?? '')).toMatchObject({ err: 'text' });
});

test('what is readable on a terminal holds nothing that it would obey, and a stack has its lines', () => {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const log = createLogger(
    'info',
    withoutCommands(stream, (entry) => 'fileId' in entry),
  );
  log.info({ name: 'a\u001b]0;owned\u0007\u202e.csv', inner: { list: ['\r'] }, err: new Error('b\u009b2J') }, 'c\nd');
  log.info({ fileId: 1 }, 'told in another way');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 30,
    name: 'a\\u{1b}]0;owned\\u{7}\\u{202e}.csv',
    inner: { list: ['\\u{d}'] },
    err: { message: 'b\\u{9b}2J', stack: expect.stringMatching(/^ +at .*\n +at /) },
    msg: 'c\\u{a}d',
  });
});

test.each([
  [{}, true],
  [{ NO_COLOR: '' }, true],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  [{ FORCE_COLOR: '0' }, false],
  [{ TERM: 'dumb' }, false],
])('lines on a terminal with %j have colours: %s, as everything else there', (env, colorize) => {
  expect(lineOptions({ isTTY: true }, env)).toMatchObject({ colorize });
});
