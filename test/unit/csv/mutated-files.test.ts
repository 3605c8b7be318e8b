import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { createRandom, type Random } from '../../../src/generator/random.ts';
import { type Header, parseHeader } from '../../../src/ingest/csv/header.ts';
import { FileError } from '../../../src/ingest/file-error.ts';
import { expectedReading } from '../../support/csv-model.ts';
import { cutAt, readAll, type Seen } from '../../support/csv-reading.ts';
import { propertyRuns, propertySeed } from '../../support/property-runs.ts';

const SAMPLES = join(import.meta.dirname, '../../../input_data');
const MOST_LINES = 12;
const MOST_DAMAGE = 8;
const LONGEST_SPAN = 60;
/** Over the limit of some mutants' records, and far over that of the others. */
const LIMITS = [150, 400, 100_000] as const;
/** Bytes that mean something to a reader. */
const TELLING = [0x22, 0x2c, 0x3b, 0x09, 0x7c, 0x0a, 0x0d, 0x00, 0xff, 0xc3, 0x20, 0xef];

/** The lines of each sample file, as UTF-8, the header first. */
const samples = readdirSync(SAMPLES)
  .filter((name) => !name.startsWith('.'))
  .map((name) => {
    const bytes = readFileSync(join(SAMPLES, name));
    const unpacked = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    const isUtf16 = unpacked[0] === 0xff && unpacked[1] === 0xfe;
    const text = isUtf16 ? Buffer.from(unpacked.toString('utf16le').slice(1)) : unpacked;
    return linesOf(text);
  });

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf(0x0a, from);
    const next = at === -1 ? bytes.length : at + 1;
    lines.push(bytes.subarray(from, next));
    from = next;
  }
  return lines;
}

it('D12 files like the samples with bits flipped, spans cut out, doubled and brought in are read as the rules say, in any chunks', {
  timeout: 600_000,
}, () => {
  const { numRuns } = propertyRuns(20_000);
  let read = 0;
  let broken = 0;
  for (let number = 0; number < numRuns; number += 1) {
    const random = createRandom(`${propertySeed}/${number}`);
    const mutant = mutated(excerpt(random), random);
    const limit = LIMITS[random.below(LIMITS.length)] ?? 400;
    const header = headerOf(mutant, limit);
    if (header === undefined) continue;
    const body = mutant.subarray(header.endOffset);
    const delimiter = header.dialect.delimiter;
    const expected = expectedReading(body, {
      delimiter: String.fromCharCode(delimiter),
      fieldCount: header.fieldCount,
      maxRecordBytes: limit,
    });
    const options = { delimiter, fieldCount: header.fieldCount, maxRecordBytes: limit };
    const cuts = Array.from({ length: random.below(12) }, () => random.below(body.length + 1));
    for (const chunks of [[body], cutAt(body, cuts)]) {
      const seen = readAll(chunks, options).seen.map(comparable);
      // Asking vitest costs more than reading the input.
      if (!isDeepStrictEqual(seen, expected)) {
        expect({ number, mutant: mutant.toString('base64'), seen }).toEqual({ number, mutant: '', seen: expected });
      }
    }
    read += 1;
    broken += expected.some(({ kind }) => kind === 'broken') ? 1 : 0;
  }
  // Most are damaged in some row, and few in their header.
  expect(read).toBeGreaterThan(numRuns / 2);
  expect(broken).toBeGreaterThan(read / 4);
});

function excerpt(random: Random): Buffer {
  const lines = samples[random.below(samples.length)] ?? [];
  const from = 1 + random.below(lines.length - 1);
  return Buffer.concat([...lines.slice(0, 1), ...lines.slice(from, from + 1 + random.below(MOST_LINES))]);
}

function mutated(bytes: Buffer, random: Random): Buffer {
  let mutant = Buffer.from(bytes);
  for (let left = 1 + random.below(MOST_DAMAGE); left > 0; left -= 1) {
    const at = random.below(mutant.length + 1);
    const [before, behind] = [mutant.subarray(0, at), mutant.subarray(at)];
    const span = behind.subarray(0, 1 + random.below(LONGEST_SPAN));
    switch (random.below(6)) {
      case 0:
        if (behind[0] !== undefined) behind[0] ^= 1 << random.below(8);
        break;
      case 1:
        mutant = Buffer.concat([before, behind.subarray(span.length)]);
        break;
      case 2:
        mutant = Buffer.concat([before, span, behind]);
        break;
      case 3:
        mutant = Buffer.concat([before, excerpt(random).subarray(0, LONGEST_SPAN), behind]);
        break;
      case 4:
        mutant = Buffer.concat([before, Buffer.from([TELLING[random.below(TELLING.length)] ?? 0x22]), behind]);
        break;
      default:
        // A cut at the end now and then; always, nothing would be left.
        if (random.chance(20)) mutant = Buffer.from(before);
    }
  }
  return mutant;
}

/** Undefined where the mutant fails as a whole, which only a fault with a code may do. */
function headerOf(mutant: Buffer, limit: number): Header | undefined {
  try {
    return parseHeader(mutant, true, limit);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

function comparable(item: Seen) {
  const { kind, line, offset } = item;
  const end = item.resume.offset;
  return item.kind === 'record'
    ? { kind, line, offset, end, fields: item.fields }
    : { kind, line, offset, end, reason: item.reason };
}
