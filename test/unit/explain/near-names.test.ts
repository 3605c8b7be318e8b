import { expect, test } from 'vitest';
import { listFolderNames, nearestNames } from '../../../src/ingest/explain/near-names.ts';

test.each([
  ['in another case', 'Events.CSV', ['events.csv']],
  ['without its extension', 'events', ['events.csv']],
  ['packed', 'events.csv', ['events.csv.gz']],
  ['with a letter too many', 'eventss.csv', ['events.csv']],
  ['with two letters changed', 'orders-mnoday.csv', ['orders-monday.csv']],
  ['in the other form of Unicode', 'cafe\u0301.csv', ['caf\u00e9.csv']],
])('a name %s is found', (_, asked, names) => {
  expect(nearestNames(asked, ['nothing-like-it.csv', ...names])).toEqual(names);
});

test.each([
  ['a.csv', ['b.csv']],
  ['ab.csv', ['cd.csv']],
  ['sales.csv', ['salary-2024.csv']],
  ['events.csv', ['events.csv']],
])('%s is near to none of %j', (asked, names) => {
  expect(nearestNames(asked, names)).toEqual([]);
});

test('the nearest three are offered, each once, the nearest first', () => {
  const names = ['events-23.csv', 'events-2.csv', 'events-2.csv', 'events-3.csv', 'events-44.csv'];
  expect(nearestNames('events-2.csv.gz', names)).toEqual(['events-2.csv', 'events-23.csv', 'events-3.csv']);
});

test('names that are very long are not compared', () => {
  const long = 'x'.repeat(5000);
  expect(nearestNames(long, [`${long}y`])).toEqual([]);
  expect(nearestNames('events.csv', [long])).toEqual([]);
});

test('where the folder can not be listed, it offers no names', async () => {
  // As root may read every folder: a file in its place fails in the same way, with another code.
  expect(await listFolderNames('/dev/null')).toEqual([]);
});
