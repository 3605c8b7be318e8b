import { expect, test } from 'vitest';
import { fromFolder, MAX_DROPPED } from '../../../src/dashboard/uploads/folder-files.ts';

const files = (...names: readonly string[]) => names.map((name) => new File([], name));

test('of a folder the CSV files are taken, and the others are counted', () => {
  const { files: taken, leftOut } = fromFolder(files('a.csv', 'b.csv.gz', 'notes.txt', '.hidden.csv', 'photo.jpg'));
  expect(taken.map(({ name }) => name)).toEqual(['a.csv', 'b.csv.gz']);
  expect(leftOut).toBe(3);
});

test('what is too many is left out, and counted', () => {
  const many = fromFolder(Array.from({ length: MAX_DROPPED + 5 }, (_, index) => new File([], `${index}.csv`)));
  expect(many.files).toHaveLength(MAX_DROPPED);
  expect(many.leftOut).toBe(5);
});
