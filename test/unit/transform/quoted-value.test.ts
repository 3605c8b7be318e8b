import { describe, expect, test } from 'vitest';
import { quoted } from '../../../src/ingest/transform/quoted-value.ts';

describe('a value in a message', () => {
  test.each([
    ['stands in double quotes', 'abc', '"abc"'],
    ['keeps letters of any script', 'Ünï 東京 🚀', '"Ünï 東京 🚀"'],
    ['has its line ends and tabs escaped', 'a\r\n\tb', '"a\\r\\n\\tb"'],
    ['has control characters escaped', '\u001b[31m\u0000\u007f\u0085', '"\\u{1b}[31m\\u{0}\\u{7f}\\u{85}"'],
    ['has characters of no width and of text direction escaped', '\u200bx\u202e', '"\\u{200b}x\\u{202e}"'],
    ['has unusual spaces escaped', 'a\u00a0b\u3000c\u2028', '"a\\u{a0}b\\u{3000}c\\u{2028}"'],
    ['has half a surrogate pair escaped', '\ud800', '"\\u{d800}"'],
    ['has quotes and backslashes escaped', 'a"b\\', '"a\\"b\\\\"'],
    ['is whole with 60 characters', 'x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['is cut to 60 characters', 'x'.repeat(61), `"${'x'.repeat(60)}…"`],
    ['is cut to 60 characters, however long', 'x'.repeat(10_000_000), `"${'x'.repeat(60)}…"`],
    ['is whole where a surrogate pair fills it up', `${'x'.repeat(58)}🚀`, `"${'x'.repeat(58)}🚀"`],
    ['is not cut through a surrogate pair', `${'x'.repeat(59)}🚀`, `"${'x'.repeat(59)}…"`],
    ['is not cut through an escape', `${'x'.repeat(59)}\n`, `"${'x'.repeat(59)}…"`],
    ['counts escapes as they are written', '\n'.repeat(31), `"${'\\n'.repeat(30)}…"`],
  ])('%s', (_, value, expected) => {
    expect(quoted(value)).toBe(expected);
  });
});
