import { describe, expect, it } from 'vitest';
import { batchOptions, OptionError, parseGenerateCommand } from '../../../src/generator/generate-options.ts';

function faultsOf(...args: string[]): string[] {
  try {
    parseGenerateCommand(args, {});
  } catch (error) {
    if (error instanceof OptionError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('the options of npm run generate', () => {
  it('have defaults', () => {
    expect(parseGenerateCommand([], {})).toMatchObject({
      directory: 'input_data',
      seed: undefined,
      rows: 1000,
      files: 1,
      dirty: 0,
      users: 10_000,
      start: undefined,
      everyMs: undefined,
      gzip: false,
      manifest: false,
    });
  });

  it('write where Sluice watches, unless told otherwise', () => {
    expect(parseGenerateCommand([], { INPUT_DIR: '/drop' }).directory).toBe('/drop');
    expect(parseGenerateCommand(['--out', 'here'], { INPUT_DIR: '/drop' }).directory).toBe('here');
  });

  it('are read with a space or an equals sign', () => {
    const args = '--rows 20 --files=4 --dirty .25 --seed a-1 --every 0.5 --users 7 --start 2024-02-29 --gzip'.split(
      ' ',
    );
    expect(parseGenerateCommand(args, {})).toMatchObject({
      rows: 20,
      files: 4,
      dirty: 0.25,
      seed: 'a-1',
      everyMs: 500,
      users: 7,
      start: Date.UTC(2024, 1, 29),
      gzip: true,
    });
  });

  it('name the dialect in words', () => {
    const args = '--delimiter tab --newline crlf --encoding utf16be'.split(' ');
    expect(parseGenerateCommand(args, {})).toMatchObject({ delimiter: '\t', newline: '\r\n', encoding: 'utf16be' });
  });

  it('are all checked, and every fault is named', () => {
    const args =
      '--rows ten --files 0 --dirty 2 --seed ../x --users -1 --every 0 --start 2024-02-30 --max-record-bytes 10';
    const dialect = '--delimiter comma; --newline constructor --encoding latin1 --out= --gzip=9 --color extra';
    const faults = faultsOf(...args.split(' '), ...dialect.split(' '));
    const named = faults.map((fault) => fault.split(':')[0]);
    expect([...named].sort()).toEqual(
      [
        ...['--rows', '--files', '--dirty', '--seed', '--users', '--every', '--start', '--max-record-bytes'],
        ...['--delimiter', '--newline', '--encoding', '--out', '--gzip', '--color', "'extra'"],
      ].sort(),
    );
    expect(faults).toContain("--dirty: needs a number from 0 to 1, not '2'");
  });

  it.each([
    '',
    ' ',
    '1e3',
    '0x10',
    '1.5',
    '1_000',
    '10000000001',
    'NaN',
  ])('do not take %j for a number of rows', (value) => {
    expect(faultsOf('--rows', value)).toHaveLength(1);
  });

  it('need a value where one belongs', () => {
    expect(faultsOf('--rows')).toEqual(['--rows: needs a whole number from 1 to 10,000,000,000']);
  });

  it('refuse more files than rows', () => {
    expect(faultsOf('--rows', '2', '--files', '3')).toEqual(['--files: 3 files cannot share 2 rows']);
  });

  it('refuse to bend the samples', () => {
    expect(faultsOf('--samples', '--rows', '3')).toEqual(['--samples: goes with --out only']);
    expect(faultsOf('--samples', '--out', 'x')).toEqual([]);
  });

  it('give live events only to an endless run that need not be repeated', () => {
    const isLive = (...args: string[]) => batchOptions(parseGenerateCommand(args, {}), 'x').live;
    expect(isLive('--every', '1')).toBe(true);
    expect(isLive('--every', '1', '--seed', '2')).toBe(false);
    expect(isLive('--every', '1', '--start', '2024-01-01')).toBe(false);
    expect(isLive()).toBe(false);
  });
});
