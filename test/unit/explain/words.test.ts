import { describe, expect, test } from 'vitest';
import { adviceOnError } from '../../../src/http/explanation/error-advice.ts';
import { explain } from '../../../src/http/explanation/explain.ts';
import { explainKnown } from '../../../src/http/explanation/known-file.ts';
import type { Standing } from '../../../src/ingest/explain/find-standing.ts';
import { FILE_ERROR_CODES } from '../../../src/ingest/file-error.ts';
import type { StandingVersion } from '../../../src/ingest/ledger/file-versions.ts';

const MOMENT = new Date('2026-01-02T03:04:05.678Z');
const SETTINGS = { directory: '/srv/events', settleMs: 200, rescanMs: 5000 };

const VERSION: StandingVersion = {
  fileId: 7,
  name: 'a.csv',
  path: '/srv/events/a.csv',
  origin: 'directory',
  status: 'loaded',
  sizeBytes: 1000,
  fingerprint: '1000:1:1',
  sha256: null,
  rowsRead: 0,
  rowsLoaded: 0,
  rowsRejected: 0,
  rejectsByReason: {},
  rowsWithheld: 0,
  rowsCorrected: 0,
  maxRejectPercent: null,
  isReleased: false,
  headerColumns: null,
  delimiter: null,
  ignoredColumns: [],
  bytesCommitted: 0,
  committedOffset: 0,
  committedLine: 0,
  tailOffset: null,
  tailLine: null,
  attempts: 0,
  failures: 0,
  errorCode: null,
  errorMessage: null,
  duplicateOf: null,
  follows: null,
  corrects: null,
  claimedBy: null,
  leaseUntil: null,
  availableAt: MOMENT,
  discoveredAt: MOMENT,
  startedAt: MOMENT,
  finishedAt: MOMENT,
  revertedAt: MOMENT,
  updatedAt: MOMENT,
  isDelayed: false,
  isLeaseOver: false,
};

function wordsFor(version: Partial<StandingVersion>, queuedBehind: number | null = null): string {
  return explainKnown({ version: { ...VERSION, ...version }, isChangedSince: false, queuedBehind, twin: undefined });
}

describe('what is said of a file in the ledger', () => {
  test('loaded without a row, new or at all', () => {
    expect(wordsFor({})).toBe('a.csv (file 7) was loaded at 2026-01-02T03:04:05.678Z, but there is no row in it.');
    expect(wordsFor({ follows: 3 })).toContain('there is no new row in it.');
  });

  test('loaded with rejects, of which some came back corrected', () => {
    expect(wordsFor({ rowsRead: 5, rowsLoaded: 1, rowsRejected: 4, rowsCorrected: 3 })).toContain(
      ': 1 row; 4 of 5 rows were rejected (3 of them corrected since). See which: GET /ingestion/files/7/rejects.',
    );
  });

  test('waiting after failures, due later, behind others', () => {
    expect(wordsFor({ status: 'queued', failures: 2, isDelayed: true }, 1)).toBe(
      'a.csv (file 7) has been waiting since 2026-01-02T03:04:05.678Z. It has failed 2 times; the fifth time is the last. ' +
        'It is tried again at 2026-01-02T03:04:05.678Z. 1 file will be loaded before it. There is nothing to do.',
    );
  });

  test('reserved by a command that lives, and by one that has ended', () => {
    const reserved = { status: 'queued', origin: 'cli', claimedBy: 'somebody' } as const;
    expect(wordsFor(reserved, 0)).toContain(', for the command that named it. No file is before it.');
    expect(wordsFor({ ...reserved, isLeaseOver: true }, 0)).toContain(
      'Give it again: npm run load -- /srv/events/a.csv',
    );
  });

  test('loading, by a process that does not answer any more', () => {
    const version = { status: 'loading', rowsRead: 4, bytesCommitted: 250, claimedBy: 'somebody' } as const;
    const progress = '4 rows and 250 of 1000 bytes (25 %) are committed so far.';
    expect(wordsFor(version)).toContain(`${progress} There is nothing to do.`);
    expect(wordsFor({ ...version, isLeaseOver: true })).toContain(`${progress} Whoever loaded it does not answer`);
  });

  test('names and messages from outside obey no terminal and turn no text around', () => {
    const words = wordsFor({
      status: 'failed',
      name: 'a\u202egnp.csv',
      errorCode: 'unreadable',
      errorMessage: 'b\u009b2J',
    });
    expect(words).toContain('a\\u{202e}gnp.csv (file 7) could not be loaded (unreadable): b\\u{9b}2J.');
  });

  test.each([...FILE_ERROR_CODES, 'unknown', null])('failed with %s: it says what to do', (errorCode) => {
    expect(adviceOnError({ ...VERSION, errorCode })).toMatch(
      /^(?:Mend|See) .*(?:version|\/ingestion\/files\/7\/retry)\.$/,
    );
  });

  test('failed, of a command: it is given again, since a service may not have the file', () => {
    expect(adviceOnError({ ...VERSION, origin: 'cli', errorCode: 'load_failed' })).toBe(
      'Mend the cause, then give the command again: npm run load -- /srv/events/a.csv.',
    );
  });
});

describe('what the folder adds to it', () => {
  const known = { version: VERSION, isChangedSince: true, queuedBehind: null, twin: undefined };
  const standing: Standing = {
    path: VERSION.path,
    name: VERSION.name,
    look: { kind: 'elsewhere' },
    known,
    otherVersions: [],
    nearNames: [],
  };
  const changed = (unchangedMs: number): Standing['look'] => ({ kind: 'file', fingerprint: '2:2:2', unchangedMs });
  const queued: Standing = { ...standing, known: { ...known, version: { ...VERSION, status: 'queued' } } };

  test.each([
    [
      'is being written',
      standing,
      changed(50),
      'another one in the folder /srv/events, which is still being written: it has been unchanged for 50 ms',
    ],
    [
      'waits for a scan',
      standing,
      changed(200),
      'which is complete, and the next scan of the folder, within 5 s, registers it.',
    ],
    [
      'changed while it waits',
      queued,
      changed(50),
      'It has changed since it was registered, and will be loaded as it is then.',
    ],
    [
      'is a link now',
      standing,
      { kind: 'ignored', rule: 'symbolic_link' },
      'under this name now is left alone: it is a symbolic link',
    ],
    ['can not be looked at', standing, { kind: 'unseen', code: 'EIO' }, 'Whether it is still there is not known'],
  ] as const)('where it %s', (_, before, look, words) => {
    expect(explain({ ...before, look }, SETTINGS).explanation).toContain(words);
  });

  test('nothing, where it lies elsewhere', () => {
    expect(explain(standing, SETTINGS)).toMatchObject({ verdict: 'loaded', explanation: explainKnown(known) });
  });

  test('nobody can tell what is neither in the ledger nor to be looked at', () => {
    const unseen: Standing = { ...standing, known: undefined, look: { kind: 'unseen', code: 'EIO' } };
    expect(() => explain(unseen, SETTINGS)).toThrow('can not be looked at (EIO)');
  });
});
