import { expect, test } from 'vitest';
import { isTakenFromFolder, refusalOfName } from '../../../src/dashboard/uploads/upload-name.ts';

test.each([
  'events.csv',
  'EVENTS.CSV',
  'events.csv.gz',
  'events.gz',
  'events.tsv',
  'events.txt',
  'events',
  'events.2026',
  'shop.2026-01-01',
  'ereignisse münchen',
])('%s may hold events: what is inside is the server to judge', (name) => {
  expect(refusalOfName(name)).toBeUndefined();
});

test('what is no CSV by its name is said to be so', () => {
  expect(refusalOfName('photo.JPG')).toBe('Not a CSV file, going by its name (.JPG). Sluice takes .csv and .csv.gz.');
  expect(refusalOfName('events.csv.zip')).toContain('(.zip)');
  expect(refusalOfName('events.xlsx')).toBe("A workbook (.xlsx) can't be read. Save it as CSV, and drop that.");
});

test('of a folder only that is taken which the watched folder would take', () => {
  const names = ['a.csv', 'b.CSV.gz', '.hidden.csv', '.DS_Store', 'readme.txt', 'c.csv.tmp'];
  expect(names.filter(isTakenFromFolder)).toEqual(['a.csv', 'b.CSV.gz']);
});
