import { describe, expect, test } from 'vitest';
import type { SourceFileRow } from '../../../src/database/schema.ts';
import { adviceOnError } from '../../../src/http/explanation/error-advice.ts';
import { explain } from '../../../src/http/explanation/explain.ts';
import { explainKnown } from '../../../src/http/explanation/known-file.ts';
import type { KnownFile, Standing } from '../../../src/ingest/explain/find-standing.ts';
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
  rowsExpired: 0,
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

const KNOWN: KnownFile = {
  version: VERSION,
  isChangedSince: false,
  isThere: true,
  queuedBehind: null,
  twin: undefined,
  loadedAs: undefined,
};

function wordsFor(version: Partial<StandingVersion>, known: Partial<KnownFile> = {}): string {
  return explainKnown({ ...KNOWN, ...known, version: { ...VERSION, ...version } });
}

/** Matches where a text ends with another one: nothing that follows a command is pasted with it. */
function endOf(text: string): RegExp {
  return new RegExp(`${text.replaceAll(/[^\w ]/g, '\\$&')}$`);
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

  test('loaded with rows that have expired since', () => {
    expect(wordsFor({ rowsRead: 5, rowsLoaded: 5, rowsExpired: 2 })).toContain(
      ': 5 rows (2 of them dropped since, being older than RETENTION_DAYS), none rejected.',
    );
  });

  test('waiting after failures, due later, behind others', () => {
    expect(wordsFor({ status: 'queued', failures: 2, isDelayed: true }, { queuedBehind: 1 })).toBe(
      'a.csv (file 7) has been waiting since 2026-01-02T03:04:05.678Z. It has failed 2 times; the fifth time is the last. ' +
        'It is tried again at 2026-01-02T03:04:05.678Z. 1 file will be loaded before it. There is nothing to do.',
    );
  });

  test('reserved by a command that lives, and by one that has ended', () => {
    const reserved = { status: 'queued', origin: 'cli', claimedBy: 'somebody' } as const;
    expect(wordsFor(reserved)).toContain(', for the command that named it. No file is before it.');
    expect(wordsFor({ ...reserved, isLeaseOver: true })).toContain('Give it again: npm run load -- /srv/events/a.csv');
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
      'Mend the cause, then give the command again: npm run load -- /srv/events/a.csv',
    );
  });

  test('failed for what is in it, of a command: nobody watches its path, so it is given again', () => {
    expect(adviceOnError({ ...VERSION, origin: 'cli', errorCode: 'missing_columns' })).toBe(
      'Mend the file, then give the command again: npm run load -- /srv/events/a.csv',
    );
  });

  test('standard input is piped once more: its copy is gone with the command', () => {
    const stdin = { ...VERSION, origin: 'cli', path: '/tmp/sluice-stdin-aB3xY9/stdin' } as const;
    const command = 'npm run load -- - < FILE';
    expect(adviceOnError({ ...stdin, errorCode: 'load_failed' })).toContain(command);
    expect(wordsFor({ ...stdin, status: 'reverted' })).toContain(command);
    expect(wordsFor({ ...stdin, status: 'queued', claimedBy: 'somebody', isLeaseOver: true })).toContain(command);
  });

  test('a command can be pasted, whatever the path is', () => {
    const path = "/srv/events/a b;touch 'x'.csv";
    const command = "npm run load -- '/srv/events/a b;touch '\\''x'\\''.csv'";
    const left = { origin: 'cli', path, claimedBy: 'somebody', isLeaseOver: true } as const;
    expect(wordsFor({ path, status: 'reverted' })).toMatch(endOf(command));
    expect(wordsFor({ ...left, status: 'queued' })).toMatch(endOf(command));
    expect(adviceOnError({ ...VERSION, ...left, errorCode: 'load_failed' })).toMatch(endOf(command));
  });
});

describe('what is said of a file of which the rows were taken out', () => {
  const again: SourceFileRow = { ...VERSION, fileId: 9, name: 'again.csv', rowsLoaded: 4 };
  const loadedAgain =
    'The same bytes are loaded again, as again.csv (file 9): 4 rows, at 2026-01-02T03:04:05.678Z. There is nothing to do.';

  test('its bytes are loaded again, as another file: to load them once more would give a duplicate', () => {
    const undone = wordsFor({ status: 'reverted', rowsWithheld: 4 }, { loadedAs: again });
    expect(undone).toBe(
      `4 rows of a.csv (file 7) are not in the table any more: somebody took the file out at 2026-01-02T03:04:05.678Z. ${loadedAgain}`,
    );
    const twin: SourceFileRow = { ...VERSION, fileId: 3, status: 'reverted' };
    const copy = wordsFor({ status: 'duplicate', duplicateOf: 3 }, { twin, loadedAs: again });
    expect(copy).toBe(
      `a.csv (file 7) has the same bytes as a.csv (file 3), whose rows were taken out at 2026-01-02T03:04:05.678Z. ${loadedAgain}`,
    );
  });

  test('discarded while it was held: no row of it was ever in the table, and with the same limit none would be', () => {
    const discarded = wordsFor({ status: 'reverted', errorCode: 'too_many_rejects', rowsWithheld: 2 });
    expect(discarded).toBe(
      'a.csv (file 7) was held, since too many of its rows are rejected, and discarded at 2026-01-02T03:04:05.678Z: none of its rows was ever in the table. ' +
        'With the same limit it would be held again. To load it all the same, upload it with another one (POST /uploads?maxRejectPercent=100) or give the command npm run load -- --max-reject-percent 100 /srv/events/a.csv',
    );
  });

  test('put away or replaced: no command is offered with the path that it had', () => {
    const gone = wordsFor({ status: 'reverted' }, { isThere: false });
    expect(gone).toContain('npm run load -- FILE, from where it is kept now.');
    expect(gone).not.toContain(VERSION.path);
  });
});

describe('what the folder adds to it', () => {
  const known = { ...KNOWN, isChangedSince: true, isThere: false };
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

  test('the rule by which it is left alone is named, also where the ledger knows the name', () => {
    const link: Standing['look'] = { kind: 'ignored', rule: 'symbolic_link' };
    expect(explain({ ...standing, look: link }, SETTINGS)).toMatchObject({ verdict: 'loaded', rule: 'symbolic_link' });
    expect(explain({ ...standing, look: { kind: 'absent' } }, SETTINGS).rule).toBeNull();
  });

  test('of the archive: who put it there, since the ledger has it under its old path', () => {
    const path = '/srv/events/.archive/2026-01-02/a.csv';
    const reply = explain({ ...standing, path, known: undefined, look: { kind: 'elsewhere' } }, SETTINGS);
    expect(reply).toMatchObject({
      verdict: 'outside',
      explanation: expect.stringContaining('put after they were loaded'),
    });
    expect(reply.explanation).not.toContain('no command has loaded it');
  });

  test('nobody can tell what is neither in the ledger nor to be looked at', () => {
    const unseen: Standing = { ...standing, known: undefined, look: { kind: 'unseen', code: 'EIO' } };
    expect(() => explain(unseen, SETTINGS)).toThrow('can not be looked at (EIO)');
  });
});
