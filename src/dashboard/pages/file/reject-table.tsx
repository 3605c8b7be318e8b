import { Link } from 'wouter-preact';
import type { RejectReply } from '../../api/reply-types.ts';
import { Icon } from '../../components/icon.tsx';
import { formatCounted } from '../../format/numbers.ts';
import { RawRecord } from '../../rejects/raw-record.tsx';
import { reasonWords } from '../../rejects/reason-words.ts';

export function RejectTable({ rejects }: { readonly rejects: readonly RejectReply[] }) {
  return (
    <table class="table stacked-table reject-table">
      <caption class="visually-hidden">
        {formatCounted(rejects.length, 'rejected row')}, in the order of their lines
      </caption>
      <thead>
        <tr>
          <th scope="col" class="number">
            Line
          </th>
          <th scope="col">Problem</th>
          <th scope="col">Row as it stands in the file</th>
        </tr>
      </thead>
      <tbody>
        {rejects.map((reject) => (
          <tr key={reject.lineNumber} class={reject.correctedBy === null ? '' : 'is-corrected'}>
            <td class="number">
              <span class="narrow-only">line </span>
              {reject.lineNumber}
            </td>
            <td>
              <p class="reject-reason">
                {reasonWords(reject.reason)}
                {reject.column === null ? null : (
                  <>
                    {' '}
                    in <code>{reject.column}</code>
                  </>
                )}
              </p>
              <p class="muted small">{reject.message}</p>
              {reject.correctedBy === null ? null : <Corrected by={reject.correctedBy} />}
            </td>
            <td>
              <RawRecord raw={reject.raw} span={reject.rawSpan} isCut={reject.rawTruncated} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Corrected({ by }: { readonly by: number }) {
  return (
    <p class="badge tone-ok">
      <Icon name="check" />
      <span>
        corrected by <Link href={`/files/${by}`}>file {by}</Link>
      </span>
    </p>
  );
}
