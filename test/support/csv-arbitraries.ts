import fc from 'fast-check';

/** Pieces that meet in ways that matter to a CSV reader; all of them valid UTF-8 without NUL. */
const TEXT_PIECES = [
  '"',
  '""',
  '"""',
  ',',
  ',',
  ',',
  '\n',
  '\n',
  '\r\n',
  '\r',
  ' ',
  ';',
  '\t',
  'a',
  'bc',
  'é',
  '€',
  '😀',
  '\uFEFF',
  '\u2028',
  ',"',
  '",',
  '"\n',
  '"\r\n',
  'a,b,c\n',
  '"a","b","c"\r\n',
  'x,"y\nz",w\n',
  '1,"two ""2""",3\r',
  'q,"open,r\n',
  '"',
  'long enough to pass limits',
];
const BYTE_PIECES = [
  Buffer.from([0]),
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
  Buffer.from([0xe2, 0x82]),
  Buffer.from([0xed, 0xa0, 0x80]),
];

const field = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '😀', '\uFEFF', ';'), maxLength: 4 }),
  fc
    .string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\r\n', 'é'), maxLength: 6 })
    .map((text) => `"${text.replaceAll('"', '""')}"`),
);
const lineEnd = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '');

/** Mostly well-formed records of mostly three fields. */
const wellFormed = fc
  .array(
    fc
      .tuple(
        fc.oneof(
          { weight: 4, arbitrary: fc.array(field, { minLength: 3, maxLength: 3 }) },
          fc.array(field, { minLength: 1, maxLength: 4 }),
        ),
        lineEnd,
      )
      .map(([fields, end]) => fields.join(',') + end),
    { maxLength: 12 },
  )
  .map((records) => records.join(''));

const pieces = fc.array(fc.constantFrom(...TEXT_PIECES), { maxLength: 24 }).map((list) => list.join(''));

/** CSV text, from well-formed to hopeless, UTF-8 without NUL. */
export const csvText: fc.Arbitrary<string> = fc.oneof(
  wellFormed,
  pieces,
  fc.tuple(wellFormed, pieces, wellFormed).map((parts) => parts.join('')),
);

/** The same with bytes in it that are no text. */
export const csvBytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: csvText.map((text) => Buffer.from(text)) }, fc.constantFrom(...BYTE_PIECES)),
    { maxLength: 4 },
  )
  .map((parts) => Buffer.concat(parts));

/** Places at which to cut, for any length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 1_000_003 }), { maxLength: 12 });

/** Limits from "nearly everything is too long" to "nothing is". */
export const maxRecordBytes: fc.Arbitrary<number> = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(100_000));

/** How often a property is tried: SLUICE_PROPERTY_RUNS replaces 5000, and the shares of the others grow with it. */
export function propertyRuns(share = 1): number {
  return Math.max(1, Math.round(Number(process.env['SLUICE_PROPERTY_RUNS'] ?? 5000) * share));
}
