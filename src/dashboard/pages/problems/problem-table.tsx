import { Link } from 'wouter-preact';
import type { RejectCluster } from '../../api/reply-types.ts';
import { formatCount } from '../../format/numbers.ts';
import { RawRecord } from '../../rejects/raw-record.tsx';
import { reasonWords } from '../../rejects/reason-words.ts';
import './problems-page.css';

export function ProblemTable({ problems }: { readonly problems: readonly RejectCluster[] }) {
  return (
    <table class="table stacked-table problem-table">
      <caption class="visually-hidden">Problems, most rows first</caption>
      <thead>
        <tr>
          <th scope="col" class="number">
            Rows
          </th>
          <th scope="col">Problem</th>
          <th scope="col">First of them</th>
          <th scope="col">Files</th>
        </tr>
      </thead>
      <tbody>
        {problems.map((problem) => (
          <tr key={`${problem.sample.fileId}/${problem.sample.lineNumber}`}>
            <td class="number">
              {formatCount(problem.rows)}
              <span class="narrow-only"> rows</span>
              {problem.corrected === 0 ? null : <p class="text-ok small">{formatCount(problem.corrected)} corrected</p>}
            </td>
            <td>
              <p class="problem-reason">
                {reasonWords(problem.reason)}
                {problem.column === null ? null : (
                  <>
                    {' '}
                    in <code>{problem.column}</code>
                  </>
                )}
              </p>
              {problem.shape === null || problem.shape === '' ? null : (
                <p class="small muted">
                  shape <code>{problem.shape}</code>
                </p>
              )}
            </td>
            <td>
              <p class="small muted">{problem.sample.message}</p>
              <RawRecord raw={problem.sample.raw} span={null} isCut={problem.sample.rawTruncated} />
            </td>
            <td class="small">
              <Files problem={problem} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Files({ problem: { firstFile, lastFile, sample } }: { readonly problem: RejectCluster }) {
  return (
    <>
      <p>
        <Link href={`/files/${firstFile.fileId}`}>{firstFile.name}</Link>, line {sample.lineNumber}
      </p>
      {lastFile.fileId === firstFile.fileId ? null : (
        <p>
          last in <Link href={`/files/${lastFile.fileId}`}>{lastFile.name}</Link>
        </p>
      )}
    </>
  );
}
