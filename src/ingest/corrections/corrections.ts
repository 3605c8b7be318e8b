import { createHash } from 'node:crypto';
import type { Queryable } from '../../database/client.ts';
import type { Header } from '../csv/header.ts';
import { columnKey } from '../csv/header-names.ts';
import type { CsvRecord } from '../csv/record-reader.ts';
import { REASON_COLUMN, type RejectAddress, readAddress } from '../csv/reject-address.ts';
import { type KeptHeader, RowLayout } from '../csv/row-layout.ts';
import { type AddressedReject, findHeaders, findRejects, isRejected } from '../ledger/find-rejects.ts';
import { RowsGoneError } from '../ledger/keep-loaded.ts';
import type { RejectRoot } from '../ledger/record-corrections.ts';
import { isRejectReason, type RejectReason } from '../reject-reason.ts';
import { addressesOfBroken } from './reject-addresses.ts';

/** So many at a time, each with at most 4 KiB of text. */
const SLICE = 1000;

/** A chain of rejects, of which one corrected row closes all. */
interface Chain extends RejectRoot {
  correctedBy: number | null;
}

/** What is known of a reject that a row is meant to correct. */
export interface KnownReject {
  readonly address: RejectAddress;
  readonly chain: Chain;
  /** where no column was at fault: why it was rejected, and a digest of the cells that it was given back with */
  readonly structural: { readonly reason: RejectReason; readonly digest: number } | undefined;
}

/** Why a row of a correction is not even looked at. */
export interface Refusal {
  readonly reason: RejectReason;
  readonly message: string;
}

export interface CorrectionsRequest {
  /** the file that corrects */
  readonly fileId: number;
  /** in the order of its rows */
  readonly addresses: readonly RejectAddress[];
  /** the last row of the version that it continues, if that may go on in this one */
  readonly tail: RejectAddress | undefined;
  /** called before each question to the ledger; throws to stop */
  readonly onSlice: () => void;
}

/**
 * The rejects that the rows of a file are meant to correct, as the ledger knew them before its first row is loaded, and what has become
 * of them since. For one attempt: whatever goes wrong, the next one asks the ledger again.
 */
export class Corrections {
  /** the file of the first reject that is known */
  readonly corrects: number | null;
  readonly #fileId: number;
  readonly #known: ReadonlyMap<string, KnownReject>;
  readonly #mayReopen: boolean;
  #loaded: Chain[] = [];
  readonly #rejectedFiles = new Set<number>();

  private constructor(fileId: number, known: ReadonlyMap<string, KnownReject>, mayReopen: boolean) {
    this.#fileId = fileId;
    this.#known = known;
    this.#mayReopen = mayReopen;
    const [first] = known.values();
    this.corrects = first?.address.fileId ?? null;
  }

  /** @throws RowsGoneError where a row names a line of a file that has yet to be loaded: then its rejects have to be waited for */
  static async find(database: Queryable, request: CorrectionsRequest): Promise<Corrections> {
    const { fileId, addresses, onSlice } = request;
    const known = new Map<string, KnownReject>();
    const chains = new Map<string, Chain>();
    for (let from = 0; from < addresses.length; from += SLICE) {
      onSlice();
      const slice = addresses.slice(from, from + SLICE);
      const found = new Map((await findRejects(database, slice)).map((reject) => [keyOf(reject), reject]));
      const layouts = await layoutsOf(database, [...found.values()]);
      for (const address of slice) {
        const reject = found.get(keyOf(address));
        if (reject === undefined || known.has(keyOf(address))) continue;
        if (reject.isAwaited) {
          // A sheet is younger than the file that it is of. So two files never wait for each other, and none for itself.
          if (reject.fileId < fileId) throw new RowsGoneError(reject.fileId);
          continue;
        }
        known.set(keyOf(address), {
          address,
          chain: chainOf(reject, chains),
          structural: structuralOf(reject, layouts),
        });
      }
    }
    const mayReopen = request.tail !== undefined && !(await isRejected(database, request.tail));
    return new Corrections(fileId, known, mayReopen);
  }

  /** The reject that a row is meant to correct, if its message ends in the address of one. */
  rejectOf(record: CsvRecord, header: Header): KnownReject | undefined {
    return this.#at(readAddress(record.text(header.messagePosition)));
  }

  /** The reject that a row was meant to correct which is no record, if it names one and no other. */
  rejectOfBroken(raw: string, header: Header): KnownReject | undefined {
    const named = new Set(addressesOfBroken(raw, header).map((address) => this.#at(address)));
    const [reject] = named;
    return named.size === 1 ? reject : undefined;
  }

  /** Why a row must not be loaded, whatever stands in it; undefined where its values decide. */
  refusalOf(reject: KnownReject, record: CsvRecord, header: Header): Refusal | undefined {
    const { address, chain, structural } = reject;
    const row = `line ${address.lineNumber} of file ${address.fileId}`;
    if (chain.correctedBy !== null) {
      const by = chain.correctedBy === this.#fileId ? 'an earlier row of this file' : `file ${chain.correctedBy}`;
      return { reason: 'already_corrected', message: `${row} has been corrected by ${by}: it is not loaded twice` };
    }
    if (structural === undefined || isConfirmed(record, header)) return undefined;
    if (structural.digest !== digestOf(header.positions.map((at) => record.text(at)))) return undefined;
    const message =
      `the cells are what could be made of ${row}, which was no record, and nobody has changed them: correct them, ` +
      'or where they are right as they are, empty its cell sluice_reason';
    return { reason: structural.reason, message };
  }

  /** A row was encoded that closes the chain of this reject. */
  loaded(reject: KnownReject): void {
    reject.chain.correctedBy = this.#fileId;
    this.#loaded.push(reject.chain);
  }

  /** A row was rejected that was meant to correct this reject. */
  rejected(reject: KnownReject): void {
    this.#rejectedFiles.add(reject.chain.fileId);
  }

  /** What the rows since the last call do to the rejects; undefined where it is nothing. */
  take(): { readonly loaded: readonly RejectRoot[]; readonly rejectedFiles: readonly number[] } | undefined {
    if (this.#loaded.length === 0 && this.#rejectedFiles.size === 0) return undefined;
    const taken = { loaded: this.#loaded, rejectedFiles: [...this.#rejectedFiles] };
    this.#loaded = [];
    this.#rejectedFiles.clear();
    return taken;
  }

  /** The rows were only counted: nothing has become of the rejects. */
  forget(): void {
    for (const chain of this.#loaded) chain.correctedBy = null;
    this.take();
  }

  /**
   * The row of an earlier version that is taken back, since it goes on in this one, may have closed a chain: then it is open for the
   * row as a whole. Answers with that chain. `raw`: the row as far as the earlier version had it.
   */
  reopen(raw: string, header: Header, earlierFileId: number): RejectRoot | undefined {
    const chain = this.#mayReopen ? this.rejectOfBroken(raw, header)?.chain : undefined;
    if (chain === undefined || chain.correctedBy !== earlierFileId) return undefined;
    chain.correctedBy = null;
    return chain;
  }

  #at(address: RejectAddress | undefined): KnownReject | undefined {
    return address === undefined ? undefined : this.#known.get(keyOf(address));
  }
}

/** Whether somebody has said that the cells of a row are right, by taking away why it was rejected. */
function isConfirmed(record: CsvRecord, { columns }: Header): boolean {
  const position = columns?.findIndex((name) => columnKey(name) === REASON_COLUMN) ?? -1;
  return position !== -1 && record.text(position).trim() === '';
}

function keyOf({ fileId, lineNumber }: RejectAddress): string {
  return `${fileId} ${lineNumber}`;
}

function chainOf(reject: AddressedReject, chains: Map<string, Chain>): Chain {
  const { rootFileId, rootLine, correctedBy } = reject;
  const key = keyOf({ fileId: rootFileId, lineNumber: rootLine });
  const chain = chains.get(key) ?? { fileId: rootFileId, line: rootLine, correctedBy };
  chains.set(key, chain);
  return chain;
}

async function layoutsOf(database: Queryable, rejects: readonly AddressedReject[]): Promise<Map<number, RowLayout>> {
  const fileIds = new Set(rejects.filter(({ raw }) => raw !== null).map(({ fileId }) => fileId));
  if (fileIds.size === 0) return new Map();
  const headers: readonly (KeptHeader & { readonly fileId: number })[] = await findHeaders(database, [...fileIds]);
  return new Map(headers.map((header) => [header.fileId, new RowLayout(header)]));
}

/**
 * Rejects as CSV have every row in the columns of its file, also one that had too many fields or a stray quote. Sent back as it
 * is, such a row is well-formed, and what is wrong with it could not be told any more.
 */
function structuralOf(reject: AddressedReject, layouts: ReadonlyMap<number, RowLayout>): KnownReject['structural'] {
  const layout = layouts.get(reject.fileId);
  if (reject.raw === null || layout === undefined || !isRejectReason(reject.reason)) return undefined;
  return { reason: reject.reason, digest: digestOf(layout.eventCells(reject.raw)) };
}

/** Of the cells in the order of the event columns; spreadsheets trim them and write their line ends in their own way. */
function digestOf(cells: readonly string[]): number {
  const text = cells.map((cell) => cell.replaceAll(/\r\n?/g, '\n').trim()).join('\0');
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}
