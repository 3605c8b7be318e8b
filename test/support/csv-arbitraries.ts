import fc from 'fast-check';

/** A file of records of mostly three fields, from well-formed to hopeless. */
export interface CsvInput {
  readonly delimiter: string;
  readonly bytes: Buffer;
}

const DELIMITERS: readonly string[] = [',', ';', '\t', '|'];
/** The last one stands for a file in which they are mixed. */
const LINE_ENDS = ['\n', '\r\n', '\r', undefined] as const;

/** Stand for the delimiter of the file, for its line end, and for a delimiter of other files. */
const D = '\u{e000}';
const E = '\u{e001}';
const O = '\u{e002}';

/** Fields that are whole, quoted and not. */
const FIELDS = [
  '',
  'a',
  'bc',
  ' b ',
  'é€',
  '😀',
  '\ufeff\u2028',
  `a${O}b`,
  '""',
  '"a"',
  `"${D}"`,
  `"a${D}b"`,
  `"${E}"`,
  `"a${E}${E}b"`,
  '"\r"',
  '"\n"',
  '"\r\n\n\r"',
  '""""',
  '"a""b"',
  '""""""',
  `"""${D}"""`,
  `"""${E}"""`,
  '"é""€"',
  'long enough to pass limits',
];

/** Pieces that meet in ways that matter to a CSV reader. */
const PIECES = [
  '"',
  '""',
  '"""',
  D,
  E,
  '\n',
  '\r\n',
  '\r',
  ' ',
  'a',
  'bc',
  'é',
  '😀',
  `${D}"`,
  `"${D}`,
  `"${E}`,
  O,
  `a${D}b${D}c${E}`,
  `"a"${D}"b"${D}"c"${E}`,
  `x${D}"y${E}z"${D}w${E}`,
  `1${D}"two ""2"""${D}3${E}`,
  `q${D}"open${D}r${E}`,
  `q${D}open"${D}r${E}`,
];

const BYTES = [[0], [0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80]].map((bytes) => Buffer.from(bytes));

/** Codes from 0 to 255: of those from here on a damaged file makes its damage. */
const DAMAGE_FROM = 240;
/** One field in so many ends its record too early or too late. */
const ODD_RECORD_IN = 41;

type Shape = 'well-formed' | 'damaged' | 'pieces' | 'with bytes';

/**
 * Generated as a list of small numbers that are spelled out, which is ten times as fast as arbitraries of arbitraries of
 * texts, and shrinks as well. The first two choose delimiter and line end.
 */
const codes = fc.noBias(fc.uint8Array({ minLength: 2, maxLength: 26, size: 'max' }));

/** CSV text in any dialect, UTF-8 without NUL. */
export const csvText: fc.Arbitrary<CsvInput> = fc
  .tuple(codes, fc.constantFrom<Shape>('well-formed', 'damaged', 'damaged', 'pieces'))
  .map(([list, shape]) => spelled(list, shape));

/** The same, and some with bytes in it that are no text. */
export const csvBytes: fc.Arbitrary<CsvInput> = fc
  .tuple(codes, fc.constantFrom<Shape>('well-formed', 'damaged', 'damaged', 'pieces', 'with bytes', 'with bytes'))
  .map(([list, shape]) => spelled(list, shape));

/** Places at which to cut, for any length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 1_000_003 }), { maxLength: 12 });

/** Limits from "nearly everything is too long" to "nothing is". */
export const maxRecordBytes: fc.Arbitrary<number> = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(100_000));

function spelled(list: Uint8Array, shape: Shape): CsvInput {
  const [first = 0, second = 0, ...rest] = list;
  const delimiter = chosen(DELIMITERS, first);
  const parts: Buffer[] = [];
  let field = 0;
  for (const code of rest) {
    const isDamage = code >= DAMAGE_FROM && shape !== 'well-formed';
    if (isDamage && shape === 'with bytes') {
      parts.push(chosen(BYTES, code));
      continue;
    }
    let piece: string;
    if (shape === 'pieces' || isDamage) {
      piece = chosen(PIECES, code);
    } else {
      field += 1;
      const isOdd = code % ODD_RECORD_IN === 0;
      const isLast = (field === 3) !== isOdd;
      if (isLast) field = 0;
      piece = chosen(FIELDS, code) + (isLast ? E : D);
    }
    const lineEnd = chosen(LINE_ENDS, second) ?? chosen(['\n', '\r\n', '\r'], code);
    parts.push(written(piece, delimiter, lineEnd));
  }
  return { delimiter, bytes: Buffer.concat(parts) };
}

/** Spelling a piece out costs more than reading it, and there are few different ones. */
const knownPieces = new Map<string, Buffer>();

function written(piece: string, delimiter: string, lineEnd: string): Buffer {
  const key = delimiter + lineEnd + piece;
  const known = knownPieces.get(key);
  if (known !== undefined) return known;
  const other = chosen(DELIMITERS, DELIMITERS.indexOf(delimiter) + 1);
  const bytes = Buffer.from(piece.replaceAll(D, delimiter).replaceAll(E, lineEnd).replaceAll(O, other));
  knownPieces.set(key, bytes);
  return bytes;
}

function chosen<T>(from: readonly T[], code: number): T {
  return from[code % from.length] as T;
}
