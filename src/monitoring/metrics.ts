import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Queryable } from '../database/client.ts';
import { FILE_STATUSES, type SourceFileRow } from '../database/schema.ts';
import type { FileEvents } from '../ingest/file-events.ts';
import { isTerminal } from '../ingest/file-events.ts';
import { REJECT_REASONS } from '../ingest/reject-reason.ts';
import { readStats } from './stats.ts';
import { readTotalsLag } from './totals-lag.ts';

/**
 * Prometheus metrics, https://prometheus.io/docs/practices/naming/. Counters are of this process and are told in
 * whole commits; gauges of the ledger are read when they are scraped and are the same on every replica.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly httpDuration: Histogram<'method' | 'route' | 'status'>;
  readonly #seen = new Map<
    number,
    { read: number; loaded: number; bytes: number; reasons: Readonly<Record<string, number>> }
  >();
  readonly #rowsRead: Counter;
  readonly #rowsLoaded: Counter;
  readonly #rowsRejected: Counter<'reason'>;
  readonly #bytes: Counter;
  readonly #filesEnded: Counter<'status'>;
  readonly #latency: Histogram;
  readonly #readLedger: () => Promise<void>;

  constructor(options: { readonly database: Queryable; readonly events: FileEvents }) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, prefix: 'sluice_' });
    this.httpDuration = new Histogram({
      name: 'sluice_http_request_duration_seconds',
      help: 'Time from request to the end of the reply.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
      registers,
    });
    this.#rowsRead = new Counter({
      name: 'sluice_rows_read_total',
      help: 'Rows committed by this process, loaded or rejected.',
      registers,
    });
    this.#rowsLoaded = new Counter({
      name: 'sluice_rows_loaded_total',
      help: 'Rows committed to user_events by this process.',
      registers,
    });
    this.#rowsRejected = new Counter({
      name: 'sluice_rows_rejected_total',
      help: 'Rows committed to rejected_rows by this process.',
      labelNames: ['reason'],
      registers,
    });
    this.#bytes = new Counter({
      name: 'sluice_bytes_committed_total',
      help: 'Bytes of source files committed by this process.',
      registers,
    });
    this.#filesEnded = new Counter({
      name: 'sluice_files_ended_total',
      help: 'Files that this process brought to an end.',
      labelNames: ['status'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'sluice_file_latency_seconds',
      help: 'Time from the discovery of a file to the commit of its last row.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
      registers,
    });
    for (const reason of REJECT_REASONS) this.#rowsRejected.inc({ reason }, 0);
    this.#readLedger = this.#addLedgerGauges(options.database);
    options.events.onFile((file) => this.#fileChanged(file));
  }

  /** All of them as text, the gauges as they are at this moment. */
  async text(): Promise<string> {
    await this.#readLedger();
    return await this.registry.metrics();
  }

  #fileChanged(file: SourceFileRow): void {
    if (file.status === 'queued') {
      this.#seen.delete(file.fileId);
      return;
    }
    if (file.status === 'reverted') {
      // It may be told before the end of the load: what that has committed is still to be counted.
      this.#filesEnded.inc({ status: file.status });
      return;
    }
    const before = this.#seen.get(file.fileId);
    const current = {
      read: file.rowsRead,
      loaded: file.rowsLoaded,
      bytes: file.bytesCommitted,
      reasons: file.rejectsByReason,
    };
    // The row of a fresh claim shows what earlier attempts have committed; only what is added to it is ours.
    if (before !== undefined && file.status !== 'failed') {
      this.#rowsRead.inc(Math.max(0, current.read - before.read));
      this.#rowsLoaded.inc(Math.max(0, current.loaded - before.loaded));
      this.#bytes.inc(Math.max(0, current.bytes - before.bytes));
      for (const [reason, rows] of Object.entries(current.reasons)) {
        this.#rowsRejected.inc({ reason }, Math.max(0, rows - (before.reasons[reason] ?? 0)));
      }
    }
    if (!isTerminal(file)) {
      this.#seen.set(file.fileId, current);
      return;
    }
    this.#seen.delete(file.fileId);
    this.#filesEnded.inc({ status: file.status });
    if (file.status === 'loaded' && file.finishedAt !== null) {
      this.#latency.observe((file.finishedAt.getTime() - file.discoveredAt.getTime()) / 1000);
    }
  }

  #addLedgerGauges(database: Queryable): () => Promise<void> {
    const registers = [this.registry];
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
    const files = new Gauge({
      name: 'sluice_files',
      help: 'Files in the ledger by status.',
      labelNames: ['status'],
      registers,
    });
    const oldest = gauge('sluice_lag_seconds', 'Age of the oldest file that waits.');
    const pending = gauge(
      'sluice_totals_pending_rows',
      'Users and days of loads that are not folded into the totals of the analytics yet: the views add them at each look.',
    );
    const totalsLag = gauge('sluice_totals_lag_seconds', 'Age of the oldest of them.');
    const isUp = gauge(
      'sluice_database_up',
      '1 while the database answers, else 0; the ledger gauges keep their last values then.',
    );
    return async () => {
      try {
        const [stats, lag] = [await readStats(database), await readTotalsLag(database)];
        for (const status of FILE_STATUSES) files.set({ status }, stats.files[status]);
        oldest.set(stats.lag.oldestQueuedSeconds);
        pending.set(lag.pendingRows);
        totalsLag.set(lag.seconds);
        isUp.set(1);
      } catch {
        isUp.set(0);
      }
    };
  }
}
