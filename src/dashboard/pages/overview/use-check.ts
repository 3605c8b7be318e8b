import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import type { ValidationReply } from '../../api/reply-types.ts';
import { validateFiles } from '../../api/validation.ts';
import { announce } from '../../components/announcements.tsx';
import { formatCounted } from '../../format/numbers.ts';

export type Check =
  | { readonly phase: 'none' }
  | { readonly phase: 'running' }
  | { readonly phase: 'done'; readonly results: readonly ValidationReply[] }
  | { readonly phase: 'failed'; readonly error: ApiError };

/** Has files checked. What comes of a check that was forgotten, since something else is asked now, is shown no more. */
export function useCheck() {
  const [check, setCheck] = useState<Check>({ phase: 'none' });
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const forget = () => {
    running.current?.abort();
    setCheck({ phase: 'none' });
  };
  const run = (files: readonly File[], maxRejectPercent: number | undefined) => {
    running.current?.abort();
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    setCheck({ phase: 'running' });
    validateFiles(files, { maxRejectPercent, signal }).then(
      (results) => {
        // The whole reply may have been there before it was aborted.
        if (signal.aborted) return;
        setCheck({ phase: 'done', results });
        announce(`${formatCounted(results.length, 'file')} checked`);
      },
      (error: unknown) => {
        if (!signal.aborted) setCheck({ phase: 'failed', error: toApiError(error) });
      },
    );
  };
  const fail = (error: unknown) => {
    running.current?.abort();
    setCheck({ phase: 'failed', error: toApiError(error) });
  };
  return { check, run, forget, fail };
}
