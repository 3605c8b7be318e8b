import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSourceName, namesToTry, ruleAgainstName, safeName } from '../../src/ingest/sources/file-name.ts';

describe('names that are loaded', () => {
  test.each([
    'a.csv',
    'A.CSV',
    'a.csv.gz',
    'a.b.csv',
    'a b.csv',
    'é.csv',
    'x.tmp.csv',
    '-.csv',
    'a~.csv',
  ])('%s', (name) => {
    expect(isSourceName(name)).toBe(true);
  });

  test.each([
    '.a.csv',
    '.csv',
    'a.csv.tmp',
    'a.csv.part',
    'a.csv~',
    'a.csv.TMP',
    'a.txt',
    'csv',
    'a.gz',
    'a.csv.gz.bak',
    'a.csvx',
    '',
  ])('%s is left alone', (name) => {
    expect(isSourceName(name)).toBe(false);
  });
});

describe('the rule by which a name is left alone', () => {
  test.each([
    ['.a.csv', 'dotfile'],
    ['.a.csv.tmp', 'dotfile'],
    ['a.csv.TMP', 'tmp'],
    ['a.Part', 'part'],
    ['a.csv~', 'backup'],
    ['a.txt', 'extension'],
    ['csv', 'extension'],
    ['', 'extension'],
    ['a~.csv', undefined],
    ['x.tmp.csv.gz', undefined],
  ])('%s: %s', (name, rule) => {
    expect(ruleAgainstName(name)).toBe(rule);
  });
});

describe('a name that a client gave', () => {
  test.each([
    ['events.csv', 'events.csv'],
    ['events.CSV.GZ', 'events.CSV.GZ'],
    ['../../etc/passwd', 'passwd.csv'],
    ['/abs/olute.csv', 'olute.csv'],
    ['C:\\Users\\x\\y.csv', 'y.csv'],
    ['..\\..\\y.csv', 'y.csv'],
    ['.bashrc', 'bashrc.csv'],
    ['...csv', 'csv.csv'],
    ['. .hidden.csv', 'hidden.csv'],
    ['', 'upload.csv'],
    ['..', 'upload.csv'],
    ['/', 'upload.csv'],
    ['.csv', 'csv.csv'],
    ['a/', 'a.csv'],
    ['a\0b.csv', 'a_b.csv'],
    ['a\nb\r\x1b[31m.csv', 'a_b__[31m.csv'],
    ['fdp.\u202evsc.csv', 'fdp._vsc.csv'],
    ['zero\u200bwidth.csv', 'zero_width.csv'],
    ['e\u0301.csv', 'é.csv'],
    ['lone\ud800.csv', 'lone\ufffd.csv'],
    ['report.xlsx', 'report.xlsx.csv'],
    ['a.csv.tmp', 'a.csv.tmp.csv'],
    ['  spaced.csv  ', 'spaced.csv'],
  ])('%j becomes %j', (given, kept) => {
    expect(safeName(given)).toBe(kept);
  });

  test('is cut in whole characters to what a file system takes, with its extension', () => {
    const name = safeName(`${'日'.repeat(500)}.csv.gz`);
    expect(name).toMatch(/^日+\.csv\.gz$/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(name)).toBeGreaterThan(220);
  });

  const anyName = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({
      unit: fc.constantFrom('.', '/', '\\', '\0', ' ', 'a', '~', '-', '\u202e', '\ud800', '日'),
      maxLength: 40,
    }),
    fc.string({ unit: 'grapheme', maxLength: 400 }).map((text) => `${text}.csv.gz`),
  );

  test('always becomes one that is loaded, stays in the folder, forges no log line and fits with any suffix', () => {
    fc.assert(
      fc.property(anyName, (given) => {
        for (const name of namesToTry(safeName(given))) {
          expect(isSourceName(name)).toBe(true);
          expect(basename(name)).toBe(name);
          expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]/u);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
          expect(name.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test('that is safe already is kept', () => {
    fc.assert(
      fc.property(anyName, (given) => {
        expect(safeName(safeName(given))).toBe(safeName(given));
      }),
    );
  });
});

test('a name that is taken gets a number before its extension, and soon a random one, so that few tries are enough', () => {
  const names = [...namesToTry('a.b.csv.gz')];
  expect(names.slice(0, 3)).toEqual(['a.b.csv.gz', 'a.b-2.csv.gz', 'a.b-3.csv.gz']);
  expect(names.at(-1)).toMatch(/^a\.b-[0-9a-f]{8}\.csv\.gz$/);
  expect(names.length).toBeLessThan(20);
  expect(new Set(names).size).toBe(names.length);
});
