import { useRef } from 'preact/hooks';

/** The latest value that there was: what is shown stays, instead of going for a moment, while the next is read. */
export function useKept<T>(value: T | undefined): T | undefined {
  const kept = useRef(value);
  if (value !== undefined) kept.current = value;
  return kept.current;
}
