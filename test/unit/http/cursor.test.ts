import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor, pageOf } from '../../../src/http/cursor.ts';
import { HttpProblem } from '../../../src/http/problem.ts';

const count = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
const date = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((value) => value.toISOString().slice(0, 10));

test('a cursor leads back to the key that it was made of', () => {
  fc.assert(
    fc.property(count, text, date, (...key) => {
      expect(decodeCursor(encodeCursor(key), ['count', 'text', 'date'])).toEqual(key);
    }),
  );
});

test('a cursor fits unchanged into a URL', () => {
  fc.assert(
    fc.property(text, (value) => {
      expect(encodeCursor([value])).toMatch(/^[\w-]+$/);
    }),
  );
});

test('whatever a client sends is a key of the right types or a 400', () => {
  const sent = fc.oneof(
    fc.string(),
    fc.json().map((json) => Buffer.from(json).toString('base64url')),
  );
  fc.assert(
    fc.property(sent, (cursor) => {
      try {
        const [number, day] = decodeCursor(cursor, ['count', 'date']);
        expect(Number.isSafeInteger(number)).toBe(true);
        expect(Number.isNaN(Date.parse(String(day)))).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(HttpProblem);
        expect(error).toMatchObject({ status: 400, code: 'invalid_cursor' });
      }
    }),
  );
});

describe('a page', () => {
  const page = (rows: number[], limit: number) => pageOf(rows, limit, String, (row) => [row]);

  test('has a next one where a row more than asked for was found', () => {
    expect(page([1, 2, 3], 2)).toEqual({ data: ['1', '2'], nextCursor: encodeCursor([2]) });
  });

  test('is the last where there is none', () => {
    expect(page([1, 2], 2)).toEqual({ data: ['1', '2'], nextCursor: null });
    expect(page([], 2)).toEqual({ data: [], nextCursor: null });
  });
});
