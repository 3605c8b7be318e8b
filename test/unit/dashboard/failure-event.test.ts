import { expect, test } from 'vitest';
import { ApiError, errorOfReply, unreachable } from '../../../src/dashboard/api/api-error.ts';
import { failureEvent } from '../../../src/dashboard/uploads/failure-event.ts';

const problem = (status: number, code: string, retryAfter: string | null = null) =>
  errorOfReply(status, JSON.stringify({ status, code, detail: 'why' }), retryAfter);

test.each<[string, ApiError, object]>([
  ['a broken connection', unreachable(), { kind: 'lost', at: 1000 }],
  [
    'a file that has changed on the disk: to send it again would end the same',
    new ApiError(0, 'unreadable_file', 'choose it again'),
    { kind: 'refused', message: 'choose it again', remedy: 'none' },
  ],
  ['a missing key', problem(401, 'unauthorized'), { kind: 'refused', remedy: 'key' }],
  ['a database that is away', problem(503, 'database_unavailable', '5'), { kind: 'deferred', waitMs: 5000 }],
  ['too many requests', problem(429, 'too_many_requests', '60'), { kind: 'deferred', waitMs: 60_000, message: 'Why.' }],
  ['a proxy that says no time', problem(503, 'busy', 'Sat, 28 Nov 2026'), { kind: 'deferred', waitMs: undefined }],
  ['a full disk', problem(507, 'disk_full'), { kind: 'refused', remedy: 'send-again' }],
  ['a file that is too large', problem(413, 'upload_too_large'), { kind: 'refused', remedy: 'none' }],
])('after %s', (_why, error, expected) => {
  expect(failureEvent(7, error, 1000)).toMatchObject({ id: 7, ...expected });
});
