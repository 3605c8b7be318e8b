import type { EventColumn } from '../ingest/event-columns.ts';
import type { RejectReason } from '../ingest/reject-reason.ts';
import {
  byteOrderMark,
  type Dialect,
  encodeRawBytes,
  encodeText,
  hasRawBytes,
  headerLine,
  PLAIN_DIALECT,
} from './dialect.ts';
import { createRandom } from './random.ts';
import { faultsFor } from './row-fault.ts';
import { createFaultDeck, planRows } from './row-plan.ts';
import { createRowWriter } from './row-writer.ts';
import { createShop } from './shop.ts';

export interface GeneratorOptions {
  /** The same seed and options give the same bytes. A number and its decimal text are the same seed. */
  readonly seed: number | string;
  /** The share of rows that must be rejected, 0 to 1 (default 0); `round(rows × dirty)` rows of each file. */
  readonly dirty?: number;
  /** Different users, 1 to 10,000,000 (default 10,000); a few of them are hot. */
  readonly users?: number;
  /** Time of the first event in milliseconds since 1970 (default 15 January 2024, 00:00 UTC). */
  readonly start?: number;
  /** Mean time between two events, whole milliseconds from 1 (default 2,000). */
  readonly meanGapMs?: number;
  readonly dialect?: Dialect;
  /** Where given, some of the dirty rows are longer than this many bytes; each of them is held in memory once. */
  readonly maxRecordBytes?: number;
}

/** A row that must be rejected, and where. */
export interface ExpectedReject {
  /** The physical line on which the record starts; the header is line 1. */
  readonly lineNumber: number;
  readonly reason: RejectReason;
  /** The column at fault where the fault is in a value, otherwise null. */
  readonly column: EventColumn | null;
  /** What is wrong with the row, in words. */
  readonly fault: string;
}

export type OnReject = (reject: ExpectedReject) => void;

/** One run of a made-up shop, written file after file: the events of a later file follow those of an earlier one. */
export interface EventGenerator {
  /**
   * The bytes of the next file, header included, in chunks of about 128 KiB. Rows are made as the chunks are taken, so memory does not
   * grow with `rows`. `onReject` is called for each dirty row, in the order of the lines.
   */
  csv(rows: number, onReject?: OnReject): Generator<Buffer, void>;
  /** Lets the shop's clock jump forward to `time` (milliseconds since 1970); it never goes back. */
  advanceTo(time: number): void;
}

const DEFAULT_START = Date.UTC(2024, 0, 15);
const CHUNK_CHARACTERS = 128 * 1024;

export function createEventGenerator(options: GeneratorOptions): EventGenerator {
  const { seed, dirty = 0, users = 10_000, start = DEFAULT_START, meanGapMs = 2000 } = options;
  const dialect = options.dialect ?? PLAIN_DIALECT;
  // Sequences of their own, so that the same shop comes out whatever share of its rows is spoilt.
  const shop = createShop({ random: createRandom(`${seed}/shop`), users, start, meanGapMs });
  const faultRandom = createRandom(`${seed}/faults`);
  const deck = createFaultDeck(faultsFor(dialect, options.maxRecordBytes), faultRandom);
  const writeRow = createRowWriter(dialect, createRandom(`${seed}/style`));

  function* csv(rows: number, onReject: OnReject = () => {}): Generator<Buffer, void> {
    const encoded = [byteOrderMark(dialect.encoding)];
    let text = headerLine(dialect) + dialect.newline;
    let pending = 0;
    let lineNumber = 2;

    for (const plan of planRows(rows, dirty, deck, faultRandom)) {
      const line = writeRow(shop.next(), plan);
      if (plan.fault !== undefined) {
        const { reason, column, name } = plan.fault;
        onReject({ lineNumber, reason, column, fault: name });
      }
      lineNumber += 1 + countNewlines(line);

      if (plan.fault?.reason === 'invalid_encoding' && hasRawBytes(line)) {
        encoded.push(encodeText(text, dialect.encoding), encodeRawBytes(line));
        text = dialect.newline;
      } else {
        text += line + dialect.newline;
      }
      pending += line.length;
      if (pending >= CHUNK_CHARACTERS) {
        yield Buffer.concat([...encoded, encodeText(text, dialect.encoding)]);
        encoded.length = 0;
        text = '';
        pending = 0;
      }
    }
    yield Buffer.concat([...encoded, encodeText(text, dialect.encoding)]);
  }

  return { csv, advanceTo: shop.advanceTo };
}

/** The bytes of one event file; see {@link EventGenerator.csv}. */
export function generateCsv(
  options: GeneratorOptions & { rows: number },
  onReject?: OnReject,
): Generator<Buffer, void> {
  return createEventGenerator(options).csv(options.rows, onReject);
}

function countNewlines(line: string): number {
  let count = 0;
  for (let place = line.indexOf('\n'); place !== -1; place = line.indexOf('\n', place + 1)) count += 1;
  return count;
}
