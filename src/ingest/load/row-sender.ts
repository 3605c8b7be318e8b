import type { CopyTable, LoadTransaction } from './load-transaction.ts';
import type { EncodedRows } from './record-encoder.ts';

/** Each change from one table to the other costs a COPY statement, so rejects wait in memory up to this size. */
const REJECT_BUFFER_BYTES = 1024 * 1024;

/** Sends encoded rows while the next ones are being encoded. */
export class RowSender {
  readonly #transaction: LoadTransaction;
  readonly #rows: EncodedRows;
  readonly #only: CopyTable | undefined;
  #sending: Promise<void> | undefined;

  /** `only`: rows of the other table are thrown away. */
  constructor(transaction: LoadTransaction, rows: EncodedRows, only?: CopyTable) {
    this.#only = only;
    this.#transaction = transaction;
    this.#rows = rows;
  }

  /**
   * Waits until the rows before these are on their way, and begins to send these; events where they are more than
   * `eventBytes`, since a few are not worth a message.
   */
  async sendOn(eventBytes = 0): Promise<void> {
    await this.#sending;
    this.#sending = this.#send(eventBytes, REJECT_BUFFER_BYTES);
    // Where reading fails first, nobody waits for it any more.
    this.#sending.catch(() => {});
  }

  /** Resolves when all rows have been taken. */
  async finish(): Promise<void> {
    await this.#sending;
    await this.#send(0, 0);
  }

  /** Resolves when nothing is being sent any more, whatever became of it. */
  async stopped(): Promise<void> {
    await this.#sending?.catch(() => {});
  }

  async #send(eventBytes: number, rejectBytes: number): Promise<void> {
    if (this.#rows.events.byteLength > eventBytes) await this.#sendTable('events');
    if (this.#rows.rejects.byteLength > rejectBytes) await this.#sendTable('rejects');
  }

  async #sendTable(table: CopyTable): Promise<void> {
    const taken = this.#rows[table].take();
    if (this.#only === undefined || this.#only === table) await this.#transaction.write(table, taken);
    this.#rows[table].reuse(taken);
  }
}
