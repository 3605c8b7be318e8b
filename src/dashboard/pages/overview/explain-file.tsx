import { useEffect, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { explainFile } from '../../api/explanation.ts';
import { announce } from '../../components/announcements.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useResource } from '../../state/use-resource.ts';

/** Offers to say why a file that was looked for is not in the list. */
export function ExplainFile({ asked }: { readonly asked: string }) {
  const [isWanted, setWanted] = useState(false);
  if (isWanted) return <Explanation asked={asked} />;
  return (
    <button type="button" class="button" onClick={() => setWanted(true)}>
      Why is this file not here?
    </button>
  );
}

function Explanation({ asked }: { readonly asked: string }) {
  const { value, error, reload } = useResource((signal) => explainFile(asked, signal), [asked]);
  const place = useRef<HTMLDivElement>(null);
  // The button that had the focus is gone: who works by keyboard would be sent to the top of the page.
  useEffect(() => place.current?.focus(), []);
  const explanation = value?.explanation;
  useEffect(() => {
    if (explanation !== undefined) announce(explanation);
  }, [explanation]);
  return (
    <div class="explanation" ref={place} tabIndex={-1}>
      {error === undefined ? null : <ErrorState error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Skeleton lines={2} label="Looking for the file" />
      ) : (
        <p>{value.explanation}</p>
      )}
      {value?.file ? <Link href={`/files/${value.file.fileId}`}>Open {value.name}</Link> : null}
    </div>
  );
}
