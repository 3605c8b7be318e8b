import { expect, test } from 'vitest';
import { preferred } from '../../../src/http/media-type.ts';

const JSON_TYPE = 'application/json';
const CSV_TYPE = 'text/csv';

test.each<[string | undefined, string]>([
  [undefined, JSON_TYPE],
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['text/csv', CSV_TYPE],
  ['TEXT/CSV ; charset=utf-8', CSV_TYPE],
  ['text/*', CSV_TYPE],
  ['text/csv, */*', CSV_TYPE],
  ['text/csv, application/json', JSON_TYPE],
  ['text/csv;q=0.5, application/json;q=0.4', CSV_TYPE],
  ['text/csv;q=0.5, application/json', JSON_TYPE],
  ['text/csv;q=0.5, */*;q=0.6', JSON_TYPE],
  ['text/csv;q=0', JSON_TYPE],
  ['text/*, text/csv;q=0', JSON_TYPE],
  ['application/*;q=0.1, text/csv;q=0.2', CSV_TYPE],
  ['text/html, application/xhtml+xml, */*;q=0.8', JSON_TYPE],
  ['image/png', JSON_TYPE],
  ['text/csv;q=2', JSON_TYPE],
  ['text/csv;q=-1, ;;,=', JSON_TYPE],
])('Accept: %s gets %s', (accept, type) => {
  expect(preferred(accept, JSON_TYPE, CSV_TYPE)).toBe(type);
});
