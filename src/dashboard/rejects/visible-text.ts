/** A piece of a text as it is shown: itself, or the picture of a character that could not be seen, with its name. */
export interface VisiblePiece {
  readonly text: string;
  readonly name?: string;
}

const NAMED: ReadonlyMap<string, VisiblePiece> = new Map([
  [' ', { text: '·', name: 'space' }],
  ['\t', { text: '→', name: 'tab' }],
  ['\r', { text: '␍', name: 'carriage return' }],
  ['\n', { text: '␊\n', name: 'line feed' }],
  ['\u00a0', { text: '⍽', name: 'no-break space' }],
  ['\u007f', { text: '␡', name: 'delete' }],
  ['\ufffd', { text: '\ufffd', name: 'bytes that are no text' }],
]);

/** Controls, spaces of every width, joiners, marks that turn the direction of writing, and what replaced broken bytes. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\p{Co}\p{Cs}\ufffd]/u;

/**
 * Gives whatever can't be seen in a text a picture and a name.
 * @param spaces whether plain spaces count: where one may be what is wrong, not among words that are to be read
 */
export function visiblePieces(text: string, spaces: 'shown' | 'plain'): VisiblePiece[] {
  const pieces: VisiblePiece[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') pieces.push({ text: plain });
    plain = '';
  };
  for (const character of text) {
    if (!INVISIBLE.test(character) || (character === ' ' && spaces === 'plain')) {
      plain += character;
      continue;
    }
    flush();
    pieces.push(NAMED.get(character) ?? pictureOf(character));
  }
  flush();
  return pieces;
}

function pictureOf(character: string): VisiblePiece {
  const code = character.codePointAt(0) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  // Unicode has pictures of the first 32 controls, in their order.
  return { name, text: code < 32 ? String.fromCodePoint(0x2400 + code) : `‹${name}›` };
}
