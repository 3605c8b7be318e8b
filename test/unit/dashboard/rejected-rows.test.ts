import { describe, expect, test } from 'vitest';
import { excerptOf } from '../../../src/dashboard/rejects/raw-excerpt.ts';
import { visiblePieces } from '../../../src/dashboard/rejects/visible-text.ts';

describe('what cannot be seen in a record', () => {
  const shown = (text: string, spaces: 'shown' | 'plain' = 'shown') =>
    visiblePieces(text, spaces)
      .map((piece) => piece.text)
      .join('');

  test('has a picture and a name', () => {
    expect(visiblePieces('a\tb', 'shown')).toEqual([{ text: 'a' }, { text: '→', name: 'tab' }, { text: 'b' }]);
    expect(shown('\r\n')).toBe('␍␊\n');
    expect(shown('\0\u001b')).toBe('␀␛');
    expect(shown('1\u00a0000')).toBe('1⍽000');
    expect(shown('\u200b\u202e\ufeff')).toBe('‹U+200B›‹U+202E›‹U+FEFF›');
  });

  test('is a space only where one may be what is wrong', () => {
    expect(shown(' view', 'shown')).toBe('·view');
    expect(shown('A lamp', 'plain')).toBe('A lamp');
  });

  test('leaves letters of every kind alone', () => {
    expect(visiblePieces('Lämpchen 灯 👍🏽', 'plain')).toEqual([{ text: 'Lämpchen 灯 👍🏽' }]);
  });
});

describe('a record that is shown', () => {
  test('is cut where its wrong field begins and ends, also where that is empty', () => {
    expect(excerptOf('a,b,c', { start: 2, end: 3 }, false)).toMatchObject({ before: 'a,', marked: 'b', after: ',c' });
    expect(excerptOf('a,,c', { start: 2, end: 2 }, false)).toMatchObject({ before: 'a,', marked: '', after: ',c' });
    expect(excerptOf('a,b', null, false)).toMatchObject({ before: 'a,b', marked: undefined, after: '' });
  });

  test('is shortened around that field when it is long, until all of it is asked for', () => {
    const raw = `${'x'.repeat(2000)}bad${'y'.repeat(2000)}`;
    const span = { start: 2000, end: 2003 };
    const excerpt = excerptOf(raw, span, false);
    expect(excerpt).toMatchObject({ marked: 'bad', isShortened: true });
    expect(excerpt.before.length + excerpt.after.length).toBeLessThan(400);
    expect(excerptOf(raw, span, true)).toMatchObject({ before: raw.slice(0, 2000), isShortened: false });
  });
});
