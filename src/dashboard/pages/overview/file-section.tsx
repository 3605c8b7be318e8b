import { useEffect, useState } from 'preact/hooks';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { PAGE_FILES, viewFrom } from '../../files/list-view.ts';
import { useFileList } from '../../files/use-file-list.ts';
import { recall, remember } from '../../state/entry-memory.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import { ExplainFile } from './explain-file.tsx';
import { SearchBox, StatusSelect } from './file-filters.tsx';
import { FileRows } from './file-rows.tsx';
import { FirstSteps } from './first-steps.tsx';
import { OlderFiles } from './older-files.tsx';
import { useReturnToFile } from './use-return-to-file.ts';

const TYPING_RESTS_MS = 250;
/** Under this name the entry of the history keeps how the list was set. */
const VIEW = 'files';

export function FileSection({ onAdd }: { readonly onAdd: () => void }) {
  const [view, setView] = useState(() => viewFrom(recall(VIEW)));
  const [typed, setTyped] = useState(view.search);
  const search = useDebounced(typed.trim(), TYPING_RESTS_MS);
  useEffect(() => {
    setView((before) => (before.search === search ? before : { ...before, search, wanted: PAGE_FILES }));
  }, [search]);
  useEffect(() => remember(VIEW, view), [view]);
  const list = useFileList(view, (wanted) => setView((before) => ({ ...before, wanted })));
  useReturnToFile(list.files !== undefined);
  const isFiltered = view.search !== '' || view.status !== '';
  const clear = () => {
    setTyped('');
    setView(viewFrom(undefined));
  };
  return (
    <section class="card files" aria-labelledby="files-title">
      <div class="card-head">
        <h2 id="files-title">All files</h2>
        <search class="filters" aria-label="Files">
          <SearchBox value={typed} onInput={setTyped} />
          <StatusSelect value={view.status} onChange={(status) => setView({ ...view, status, wanted: PAGE_FILES })} />
        </search>
      </div>
      {list.error === undefined ? null : <ErrorState error={list.error} onRetry={list.reload} />}
      {list.files === undefined ? (
        list.error === undefined && <Skeleton lines={6} label="Loading the files" />
      ) : list.files.length > 0 ? (
        <FileRows files={list.files} />
      ) : isFiltered ? (
        <EmptyState icon="search" title="No file matches">
          <button type="button" class="button" onClick={clear}>
            Show all files
          </button>{' '}
          {view.search === '' ? null : <ExplainFile key={view.search} asked={view.search} />}
        </EmptyState>
      ) : (
        <FirstSteps onAdd={onAdd} />
      )}
      <OlderFiles key={`${view.status}/${view.search}`} list={list} />
    </section>
  );
}
