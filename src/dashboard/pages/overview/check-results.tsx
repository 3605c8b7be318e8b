import type { ValidationReply } from '../../api/reply-types.ts';
import { StateBadge } from '../../components/state-badge.tsx';
import { formatCount, formatCounted } from '../../format/numbers.ts';

const SHOWN_REJECTS = 5;

/** What loading would make of each file that was checked. */
export function CheckResults({ results }: { readonly results: readonly ValidationReply[] }) {
  return (
    <ul class="check-results">
      {results.map((result) => (
        <CheckResult key={`${result.name} ${result.sha256}`} result={result} />
      ))}
    </ul>
  );
}

function CheckResult({ result }: { readonly result: ValidationReply }) {
  const { name, outcome, rowsRejected, ignoredColumns, rejects, error } = result;
  return (
    <li>
      <p class="check-head">
        <strong>{name}</strong> would be <StateBadge status={outcome} />
      </p>
      <p>{error === null ? verdict(result) : error.message}</p>
      {ignoredColumns.length === 0 ? null : <p class="muted">Ignored columns: {ignoredColumns.join(', ')}</p>}
      {rejects.length === 0 || outcome === 'duplicate' ? null : (
        <ul class="check-rejects">
          {rejects.slice(0, SHOWN_REJECTS).map(({ lineNumber, message }) => (
            <li key={lineNumber}>
              <span class="muted">line {formatCount(lineNumber)}</span> {message}
            </li>
          ))}
          {rowsRejected > SHOWN_REJECTS ? (
            <li class="muted">and {formatCounted(rowsRejected - SHOWN_REJECTS, 'other')}</li>
          ) : null}
        </ul>
      )}
    </li>
  );
}

function verdict({ outcome, rowsRead, rowsLoaded, rowsRejected, duplicateOf }: ValidationReply): string {
  if (outcome === 'duplicate') {
    return duplicateOf === null
      ? 'An earlier one of these files has the same bytes: they are loaded once.'
      : `The same bytes are loaded already, as file ${duplicateOf}.`;
  }
  return `${formatCounted(rowsRead, 'row')}: ${formatCount(rowsLoaded)} clean, ${formatCount(rowsRejected)} rejected.`;
}
