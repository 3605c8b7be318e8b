import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { SourceFileRow } from '../../database/schema.ts';
import { isTerminal } from '../file-events.ts';
import type { FileVersion, RegisteredFile } from '../ledger/register-files.ts';
import { FolderWatch, type WatchState } from './folder-watch.ts';
import { RecentVersions } from './recent-versions.ts';
import {
  type FoundFile,
  LOOKS_AT_ONCE,
  lookAtAll,
  type OnUnseen,
  scanDirectory,
  type Unseen,
} from './scan-directory.ts';
import { Settling } from './settling.ts';
import { fingerprintOf } from './source-file.ts';

const BATCH = 250;
/** Versions remembered as done, so that a scan need not ask the ledger about each file; beyond that it asks. */
const REMEMBERED = 100_000;
const AWAY_DELAY_MS = 1000;
/** For how long hints of a version that was just submitted are passed over; it bounds how many are remembered, too. */
const LONGEST_RECENT_MS = 1250;

export type WatcherState = WatchState | 'unavailable';

export interface WatchedDirectoryOptions {
  /** created where it does not exist */
  readonly directory: string;
  readonly settleMs: number;
  readonly rescanMs: number;
  readonly log: Logger;
  readonly submit: (versions: readonly FileVersion[]) => Promise<RegisteredFile[]>;
  /** called for a file that is found to be loaded already: an earlier process may have died before it was put away */
  readonly onAlreadyLoaded: (file: SourceFileRow) => Promise<void>;
}

/**
 * Finds files in a folder. File system events are hints that make it prompt; they get lost (queue overflow, network
 * mounts, races in the watcher), so a scan of the whole folder every `rescanMs` is the truth.
 */
export class WatchedDirectory {
  readonly directory: string;
  readonly #options: WatchedDirectoryOptions;
  readonly #settling: Settling;
  readonly #done = new Map<string, string>();
  readonly #submitted: RecentVersions;
  /** names to look at, and when (milliseconds of `performance.now`) */
  readonly #due = new Map<string, number>();
  readonly #watch: FolderWatch;
  #isAway = false;
  #isUnseenReported = false;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #nextScan = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  private constructor(directory: string, options: WatchedDirectoryOptions) {
    this.directory = directory;
    this.#options = options;
    this.#settling = new Settling(options.settleMs);
    // Three times that is less than the time between two scans: what one submits, the next one does again, until it is done.
    this.#submitted = new RecentVersions(Math.min(LONGEST_RECENT_MS, options.rescanMs / 4));
    this.#watch = new FolderWatch({
      directory,
      log: options.log,
      onHint: (name) => this.#look(name, performance.now()),
      onUnsure: () => this.#scanSoon(),
    });
  }

  /** Makes the folder ready and returns its absolute path without symbolic links, by which the ledger knows its files. */
  static async prepare(options: WatchedDirectoryOptions): Promise<WatchedDirectory> {
    await mkdir(options.directory, { recursive: true });
    return new WatchedDirectory(await realpath(options.directory), options);
  }

  get state(): WatcherState {
    return this.#isAway ? 'unavailable' : this.#watch.state;
  }

  /** For how many milliseconds a file of the folder is known to be unchanged; `settleMs` of that make it complete. */
  unchangedMs(file: Pick<FoundFile, 'path' | 'stats'>): number {
    return this.#settling.unchangedMs(file);
  }

  start(): void {
    this.#watch.start();
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#watch.close();
    await this.#running;
  }

  #look(name: string, at: number): void {
    this.#due.set(name, at);
    this.#schedule(at);
  }

  #scanSoon(): void {
    this.#nextScan = 0;
    this.#schedule(0);
  }

  #schedule(at: number): void {
    if (this.#closed || this.#running !== undefined || at >= this.#wakeAt) return;
    this.#wakeAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, at - performance.now()));
  }

  async #run(): Promise<void> {
    this.#running = this.#findFiles();
    await this.#running;
    this.#running = undefined;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    let next = this.#nextScan;
    for (const at of this.#due.values()) next = Math.min(next, at);
    this.#schedule(next);
  }

  async #findFiles(): Promise<void> {
    const now = performance.now();
    const isScan = now >= this.#nextScan;
    if (isScan) this.#nextScan = now + this.#options.rescanMs;
    try {
      const unseen: Unseen[] = [];
      const onUnseen = (entry: Unseen) => void (unseen.length === 0 && unseen.push(entry));
      await this.#submitComplete(isScan ? scanDirectory(this.directory, onUnseen) : this.#dueFiles(now, onUnseen));
      if (isScan) await this.#reportScanned(unseen[0]);
    } catch (error) {
      this.#nextScan = performance.now() + Math.min(AWAY_DELAY_MS, this.#options.rescanMs);
      this.#reportAway(error);
    }
  }

  async *#dueFiles(now: number, onUnseen: OnUnseen): AsyncGenerator<FoundFile> {
    const due = [...this.#due].flatMap(([name, at]) => (at > now ? [] : [name]));
    for (let from = 0; from < due.length; from += LOOKS_AT_ONCE) {
      const names = due.slice(from, from + LOOKS_AT_ONCE);
      for (const name of names) this.#due.delete(name);
      for (const [index, found] of (await lookAtAll(this.directory, names, onUnseen)).entries()) {
        if (found === undefined) this.#settling.forget(join(this.directory, names[index] ?? ''));
        else yield found;
      }
    }
  }

  async #submitComplete(files: AsyncIterable<FoundFile>): Promise<void> {
    let batch: FoundFile[] = [];
    for await (const found of files) {
      if (this.#closed) return;
      const fingerprint = fingerprintOf(found.stats);
      if (this.#done.get(found.path) === fingerprint || this.#submitted.has(found.path, fingerprint)) continue;
      const remaining = this.#settling.remaining(found);
      if (remaining > 0) {
        this.#due.set(found.name, performance.now() + remaining);
        continue;
      }
      batch.push(found);
      if (batch.length >= BATCH) {
        await this.#submit(batch);
        batch = [];
      }
    }
    await this.#submit(batch);
  }

  async #submit(batch: readonly FoundFile[]): Promise<void> {
    if (batch.length === 0) return;
    const registered = await this.#options.submit(batch.map(versionOf));
    for (const { file } of registered) {
      if (!isTerminal(file)) {
        // By the row's own fingerprint: an earlier version that is still open must not hide the one that was submitted.
        this.#submitted.add(file.path, file.fingerprint);
        continue;
      }
      this.#remember(file);
      if (file.status === 'loaded' || file.status === 'duplicate') await this.#options.onAlreadyLoaded(file);
    }
  }

  #remember(file: SourceFileRow): void {
    const [oldest] = this.#done.size >= REMEMBERED ? this.#done.keys() : [];
    if (oldest !== undefined) this.#done.delete(oldest);
    this.#done.set(file.path, file.fingerprint);
  }

  async #reportScanned(unseen: Unseen | undefined): Promise<void> {
    if (unseen !== undefined && !this.#isUnseenReported) {
      const { path, error } = unseen;
      this.#options.log.warn(
        { err: error, path },
        'an entry of the folder can not be looked at; trying with each scan',
      );
    }
    this.#isUnseenReported = unseen !== undefined;
    const wasAway = this.#isAway;
    if (wasAway) this.#options.log.info({ directory: this.directory }, 'the watched folder is available again');
    this.#isAway = false;
    await this.#watch.afterScan(wasAway);
  }

  #reportAway(error: unknown): void {
    const isFileSystem = error instanceof Error && 'syscall' in error && 'path' in error;
    if (!isFileSystem) {
      this.#options.log.warn({ err: error }, 'found files could not be registered; trying again');
    } else if (!this.#isAway) {
      this.#isAway = true;
      this.#options.log.error(
        { err: error, directory: this.directory },
        'the watched folder is not available; looking again',
      );
    }
  }
}

function versionOf(found: FoundFile): FileVersion {
  const version = {
    name: found.name,
    path: found.path,
    origin: 'directory' as const,
    sizeBytes: Number(found.stats.size),
    fingerprint: fingerprintOf(found.stats),
  };
  if (found.isNameValid) return version;
  const message = `the name of ${found.path} is not valid UTF-8, so it can't be opened: rename it`;
  return { ...version, error: { code: 'unreadable', message } };
}
