import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnOrders, csvStyles, eventRows } from '../../support/arbitrary-events.ts';
import { lineBreaksIn } from '../../support/csv-model.ts';
import { type EventValues, encodeRows } from '../../support/encoded-events.ts';
import { type ExpectedOutcome, expectedOutcome } from '../../support/event-rules.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const FILE_ID = 2 ** 33 + 5;
const START_LINE = 2 ** 32 - 3;

type Expected = ExpectedOutcome | (ExpectedOutcome & { readonly fileId: bigint; readonly line: bigint });

describe('EventEncoder', () => {
  test('writes what the rules say of the values, however they are quoted, ordered and cut into chunks', {
    timeout: 600_000,
  }, () => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(
        fc.array(eventRows(), { minLength: 1, maxLength: 12, size: 'max' }),
        csvStyles(),
        columnOrders(),
        cutPlaces(),
        fc.constantFrom(1, 64, 4096),
        (rows, style, columns, cuts, capacity) => {
          const options = { style, columns, cuts, capacity, fileId: FILE_ID, startLine: START_LINE };
          const outcomes = encodeRows(rows, options).map(withoutMessage);
          const expected = expectedOutcomes(rows);
          if (!isDeepStrictEqual(outcomes, expected)) expect(outcomes).toStrictEqual(expected);
          for (const outcome of expected) {
            const kind = 'reason' in outcome ? `${outcome.column} ${outcome.reason}` : 'clean';
            seen[kind] = (seen[kind] ?? 0) + 1;
          }
        },
      ),
      propertyRuns(1500),
    );
    console.log(`rows by outcome: ${JSON.stringify(seen)}`);
    // What never came up would be tested by name only.
    expect(seen['clean']).toBeGreaterThan(0);
  });
});

/** One chunk, a few, or one for nearly every byte. */
function cutPlaces(): fc.Arbitrary<number[]> {
  const any = fc.nat({ max: 1_000_003 });
  return fc.oneof(
    fc.constant<number[]>([]),
    fc.array(any, { maxLength: 12 }),
    fc.constant(Array.from({ length: 4000 }, (_, at) => at)),
  );
}

function expectedOutcomes(rows: readonly EventValues[]): Expected[] {
  let line = START_LINE;
  return rows.map((row) => {
    const outcome = expectedOutcome(row);
    const firstLine = line;
    line += Object.values(row).reduce((breaks, value) => breaks + lineBreaksIn(value), 1);
    return 'reason' in outcome ? outcome : { ...outcome, fileId: BigInt(FILE_ID), line: BigInt(firstLine) };
  });
}

function withoutMessage(outcome: ReturnType<typeof encodeRows>[number]) {
  if (!('reason' in outcome)) return outcome;
  return { reason: outcome.reason, column: outcome.column };
}
