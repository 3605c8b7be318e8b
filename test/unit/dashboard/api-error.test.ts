import { expect, test } from 'vitest';
import { ApiError, errorOfReply } from '../../../src/dashboard/api/api-error.ts';

test.each<[number, string, { isPassing: boolean; isWorthRepeating: boolean }]>([
  [0, 'unreachable', { isPassing: true, isWorthRepeating: true }],
  [429, 'too_many_requests', { isPassing: true, isWorthRepeating: true }],
  [503, 'database_unavailable', { isPassing: true, isWorthRepeating: true }],
  // It would take as long once more, and again.
  [503, 'query_timeout', { isPassing: true, isWorthRepeating: false }],
  [404, 'unknown_file', { isPassing: false, isWorthRepeating: false }],
])('a call is made again by itself where that may help: %i %s', (status, code, expected) => {
  const { isPassing, isWorthRepeating } = new ApiError(status, code, '');
  expect({ isPassing, isWorthRepeating }).toEqual(expected);
});

test('the words of a problem become a sentence; what is no problem leaves the status', () => {
  expect(errorOfReply(503, '{"code":"busy","detail":"too many checks"}')).toMatchObject({
    code: 'busy',
    message: 'Too many checks.',
  });
  expect(errorOfReply(502, '<html>').message).toBe('The server answered with status 502.');
});
