import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlainName, placeOf } from '../../../src/ingest/explain/asked-place.ts';

const FOLDER = { directory: '/srv/mount/events', configured: '/srv/events' };

describe('a path that is asked for', () => {
  test.each([
    ['a.csv', 'a.csv'],
    ['./a.csv', 'a.csv'],
    ['a.csv/', 'a.csv'],
    ['below/../a.csv', 'a.csv'],
    ['../events/a.csv', 'a.csv'],
    ['/srv/mount/events/a.csv', 'a.csv'],
    ['/srv/events/a.csv', 'a.csv'],
    ['/srv/./events//x/../a.csv', 'a.csv'],
    ['...', '...'],
    ['a\\..\\b.csv', 'a\\..\\b.csv'],
  ])('%s lies directly in the folder', (asked, name) => {
    expect(placeOf(asked, FOLDER)).toEqual({ path: `/srv/mount/events/${name}`, name, isInFolder: true });
  });

  test.each([
    ['.', '/srv/mount/events'],
    ['..', '/srv/mount'],
    ['../a.csv', '/srv/mount/a.csv'],
    ['below/a.csv', '/srv/mount/events/below/a.csv'],
    ['/', '/'],
    ['/etc/passwd', '/etc/passwd'],
    ['/srv/mount/events/../events-2/a.csv', '/srv/mount/events-2/a.csv'],
    ['/srv/events', '/srv/events'],
  ])('%s does not', (asked, path) => {
    expect(placeOf(asked, FOLDER)).toMatchObject({ path, isInFolder: false });
  });

  test('whatever it is: where it is said to lie in the folder, its path is that of the folder and one plain name', () => {
    const part = fc.constantFrom('..', '.', '', 'events', 'mount', 'srv', 'a.csv', '~', '\\', ' ', 'é');
    const asked = fc.array(part, { maxLength: 8 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.oneof(asked, fc.string()), (text) => {
        const { path, name, isInFolder } = placeOf(text, FOLDER);
        if (isInFolder) expect(path).toBe(`/srv/mount/events/${name}`);
        if (isInFolder && !name.includes('\0')) expect(isPlainName(name)).toBe(true);
      }),
    );
  });
});

test.each(['', '.', '..', '/', 'a/b', '../a', 'a\0b'])('%j is not the name of a file in a folder', (name) => {
  expect(isPlainName(name)).toBe(false);
});
