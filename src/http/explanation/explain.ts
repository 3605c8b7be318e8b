import type { KnownFile, Standing } from '../../ingest/explain/find-standing.ts';
import type { FolderLook } from '../../ingest/explain/folder-look.ts';
import { isTerminal } from '../../ingest/file-events.ts';
import { plainText } from '../../plain-text.ts';
import { HttpProblem } from '../problem.ts';
import type { ExplanationReply } from '../schemas/explanation.ts';
import { toFileReply } from '../schemas/file.ts';
import { explainKnown } from './known-file.ts';
import { explainUnknown, type FolderSettings, wordsOfArrival, wordsOfRule } from './unknown-file.ts';

/**
 * Puts into words how a file stands. What the ledger says comes first; what the folder says besides is added to it.
 * @throws HttpProblem 503 where only the folder could tell, and it can't be looked at
 */
export function explain(standing: Standing, settings: FolderSettings): ExplanationReply {
  const { path, name, look, known, otherVersions } = standing;
  const shared = {
    path,
    name,
    rule: look.kind === 'ignored' ? look.rule : null,
    otherVersions: otherVersions.map(({ fileId, status, discoveredAt }) => ({
      fileId,
      status,
      discoveredAt: discoveredAt.toISOString(),
    })),
  };
  if (known !== undefined) {
    const { version, queuedBehind } = known;
    const words = [explainKnown(known), explainFolder(known, look, settings)].filter((sentence) => sentence !== '');
    const explanation = words.join(' ');
    return { ...shared, verdict: version.status, explanation, queuedBehind, file: toFileReply(version) };
  }
  if (look.kind === 'unseen') {
    const detail = `the watched folder ${settings.directory} can not be looked at (${look.code}), and the ledger does not know ${name}; ask again once it is back`;
    throw new HttpProblem('input_unavailable', detail, { headers: { 'retry-after': '5' } });
  }
  const explanation = explainUnknown(standing, look, settings);
  return { ...shared, verdict: verdictOf(look.kind), explanation, queuedBehind: null, file: null };
}

function verdictOf(kind: Exclude<FolderLook['kind'], 'unseen'>): ExplanationReply['verdict'] {
  switch (kind) {
    case 'elsewhere':
      return 'outside';
    case 'absent':
      return 'never_seen';
    case 'ignored':
      return 'ignored';
    case 'file':
      return 'settling';
  }
}

/** What the folder says besides of a file that the ledger knows; empty where that is nothing new. */
function explainFolder({ version, isChangedSince }: KnownFile, look: FolderLook, settings: FolderSettings): string {
  const folder = `the folder ${plainText(settings.directory)}`;
  switch (look.kind) {
    case 'elsewhere':
      return '';
    case 'absent':
      return `It is not in ${folder} any more.`;
    case 'unseen':
      return `Whether it is still there is not known: ${folder} can not be looked at (${look.code}).`;
    case 'ignored':
      return `What is in ${folder} under this name now is left alone: ${wordsOfRule(look.rule)}.`;
    case 'file':
      if (!isChangedSince) return '';
      return isTerminal(version)
        ? `By now it is another one in ${folder}, which ${wordsOfArrival(look.unchangedMs, settings)}.`
        : 'It has changed since it was registered, and will be loaded as it is then.';
  }
}
