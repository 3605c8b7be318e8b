import { useEffect, useState } from 'preact/hooks';

/** A value as it was when it had last rested for `restMs`. */
export function useDebounced<T>(value: T, restMs: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(() => value), restMs);
    return () => window.clearTimeout(timer);
  }, [value, restMs]);
  return rested;
}
