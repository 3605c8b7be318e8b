import { apiKey } from '../../api/api-key.ts';
import { liveStats } from '../../api/live-stats.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { shellWord } from '../../format/shell-word.ts';
import { useStore } from '../../state/use-store.ts';

/** Before the first file: every way to bring one. */
export function FirstSteps({ onAdd }: { readonly onAdd: () => void }) {
  const directory = useStore(liveStats)?.stats.watcher.directory;
  // By its name: the key itself is not to be read over a shoulder, or kept in the history of a shell.
  const authorization = useStore(apiKey) === undefined ? '' : ' -H "Authorization: Bearer $API_KEY"';
  return (
    <EmptyState icon="file" title="No file yet">
      <ul class="first-steps">
        <li>
          Drop a CSV file anywhere on this page, or{' '}
          <button type="button" class="link" onClick={onAdd}>
            pick one
          </button>
          .
        </li>
        <li>
          Copy one into the watched folder{directory === undefined ? '' : ' '}
          {directory === undefined ? null : <code>{directory}</code>}.
        </li>
        <li>
          Send one:{' '}
          <code>
            curl -T events.csv{authorization} {shellWord(new URL('uploads/', document.baseURI).href)}
          </code>
        </li>
        <li>
          Have some made up:{' '}
          <code>
            npm run generate -- --rows 1000 --dirty 0.05
            {directory === undefined ? '' : ` --out ${shellWord(directory)}`}
          </code>
        </li>
      </ul>
    </EmptyState>
  );
}
