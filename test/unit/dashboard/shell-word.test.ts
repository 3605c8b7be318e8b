import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../../src/dashboard/format/shell-word.ts';

test.each([
  '/data/in',
  '/my files',
  "/it's",
  '/$HOME/`x`',
  'a"b\\c',
  '',
  '*',
  '~',
])('a shell reads %j as it is', (text) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
});

test('what needs no quotes has none', () => {
  expect(shellWord('/srv/sluice-1/input_data')).toBe('/srv/sluice-1/input_data');
});
