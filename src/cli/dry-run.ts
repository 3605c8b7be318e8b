import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Config } from '../config.ts';
import { examineFile } from '../ingest/check/examine-file.ts';
import type { Findings } from '../ingest/check/findings.ts';
import { checkOutcome } from '../ingest/check/outcome.ts';
import { FileError } from '../ingest/file-error.ts';
import { SourceChangedError, SourceFile } from '../ingest/sources/source-file.ts';
import { createLocalTime } from '../ingest/transform/local-time.ts';
import { DryRunReport } from './dry-run-report.ts';
import { NoSuchFileError, namedPath } from './named-path.ts';
import { ProgressBar } from './progress-bar.ts';

const STDIN = '-';
const INTERRUPTED = 130;
const CHUNK_BYTES = 256 * 1024;
/** Enough to see what is wrong; all of them are in the ledger once the file is loaded. */
const KEPT_REJECTS = 5;

class InterruptedError extends Error {
  readonly code = 'interrupted';
}

/** Checks the named files as loading them would, and writes nothing anywhere. */
export class DryRun {
  readonly #config: Config;
  #isInterrupted = false;

  constructor(config: Config) {
    this.#config = config;
  }

  interrupt(): void {
    this.#isInterrupted = true;
    // Nothing may come from there for as long as somebody types.
    process.stdin.destroy();
  }

  /**
   * Returns the exit code: 0 when every file would be loaded or has the bytes of one that would, 1 when any would fail or be held, 130 when interrupted.
   * `maxRejectPercent`: above it a file would be held; where it is not given MAX_REJECT_PERCENT holds.
   */
  async run(names: readonly string[], maxRejectPercent = this.#config.MAX_REJECT_PERCENT): Promise<number> {
    const files = [...new Set(names)];
    const bar = new ProgressBar(await totalSize(files));
    const report = new DryRunReport(maxRejectPercent);
    /** by digest the first file that has it, as its bytes would be loaded once only */
    const seen = new Map<string, string>();
    try {
      for (const [index, name] of files.entries()) {
        const startedAt = performance.now();
        const shownName = name === STDIN ? 'stdin' : basename(name);
        const findings = await this.#check(name, (bytes, rows) => bar.update(index, bytes, rows));
        const seconds = (performance.now() - startedAt) / 1000;
        if (findings instanceof Error) {
          report.unreadable(shownName, findings.message, seconds);
          if (findings instanceof NoSuchFileError) report.nothingBegins(findings.message);
          continue;
        }
        const twin = seen.get(findings.sha256);
        const outcome = checkOutcome(findings, maxRejectPercent, twin !== undefined);
        // What is held claims no bytes: its twin is held, too.
        if (outcome === 'loaded') seen.set(findings.sha256, shownName);
        report.file(shownName, findings, { outcome, twin, seconds });
      }
    } catch (error) {
      bar.stop();
      if (!this.#isInterrupted) throw error;
      process.stdout.write('Interrupted.\n');
      return INTERRUPTED;
    }
    bar.stop();
    report.summary();
    return report.isAllWell ? 0 : 1;
  }

  /** What is in the file, or why it can't be read. */
  async #check(name: string, onProgress: (bytes: number, rows: number) => void): Promise<Findings | Error> {
    try {
      if (name === STDIN) return await this.#examine(process.stdin, onProgress);
      const source = await SourceFile.open(await namedPath(name));
      try {
        return await this.#examine(source.chunks(CHUNK_BYTES), onProgress);
      } finally {
        await source.close();
      }
    } catch (error) {
      if (this.#isInterrupted || !(error instanceof Error)) throw error;
      const isKnown =
        error instanceof FileError || error instanceof SourceChangedError || error instanceof NoSuchFileError;
      // Whatever the system says of one file, the others are checked all the same.
      if (isKnown || 'errno' in error) return error;
      throw error;
    }
  }

  async #examine(source: AsyncIterable<Buffer>, onProgress: (bytes: number, rows: number) => void): Promise<Findings> {
    return await examineFile(source, {
      instantOfLocalTime: createLocalTime(this.#config.TIMEZONE),
      maxRecordBytes: this.#config.MAX_RECORD_BYTES,
      keptRejects: KEPT_REJECTS,
      onProgress: ({ bytesRead, rowsRead }) => {
        if (this.#isInterrupted) throw new InterruptedError('interrupted');
        onProgress(bytesRead, rowsRead);
      },
    });
  }
}

/** Of those that are there; of standard input nobody knows. */
async function totalSize(names: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const name of names) {
    // What can't be looked at is told when it is its turn.
    if (name !== STDIN)
      bytes += await stat(name).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return bytes;
}
