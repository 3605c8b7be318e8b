import { describe, expect, it } from 'vitest';
import { plainText } from '../../../src/plain-text.ts';
import { terminalOf } from '../../../src/terminal.ts';

const TTY = { isTTY: true, columns: 100 };
const PIPE = {};

describe('a terminal', () => {
  it.each<[string, typeof TTY | typeof PIPE, Record<string, string>, boolean, boolean]>([
    ['a person', TTY, {}, true, true],
    ['a pipe', PIPE, {}, false, false],
    ['a person with NO_COLOR', TTY, { NO_COLOR: '1' }, true, false],
    ['a person with NO_COLOR=0, which means the same', TTY, { NO_COLOR: '0' }, true, false],
    ['a person with NO_COLOR empty, which means nothing', TTY, { NO_COLOR: '' }, true, true],
    ['a pipe with FORCE_COLOR', PIPE, { FORCE_COLOR: '1' }, false, true],
    ['a person with FORCE_COLOR=0', TTY, { FORCE_COLOR: '0' }, true, false],
    ['a pipe with both', PIPE, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, false],
    ['a dumb one', TTY, { TERM: 'dumb' }, false, false],
  ])('of %s', (_, stream, env, isInteractive, hasColors) => {
    const terminal = terminalOf(stream, env);
    expect(terminal.isInteractive).toBe(isInteractive);
    expect(terminal.colors.red('x') !== 'x').toBe(hasColors);
  });

  it.each([
    [100, 100],
    [undefined, 80],
    [0, 80],
    [5, 20],
  ])('of %s columns counts as %s wide', (columns, width) => {
    expect(terminalOf(columns === undefined ? {} : { columns }, {}).columns).toBe(width);
  });
});

describe('text from outside', () => {
  it.each([
    ['events-2024 (1).csv', 'events-2024 (1).csv'],
    ['東京 é😀.csv', '東京 é😀.csv'],
    ['\u001b[31mred\u0007', '\\u{1b}[31mred\\u{7}'],
    ['a\r\nb\tc', 'a\\u{d}\\u{a}b\\u{9}c'],
    ['\u009b31m\u007f', '\\u{9b}31m\\u{7f}'],
    ['exe\u202egpj.csv\u2028', 'exe\\u{202e}gpj.csv\\u{2028}'],
    ['\ud800', '\ufffd'],
  ])('%j is shown as %j', (text, shown) => {
    expect(plainText(text)).toBe(shown);
  });
});
