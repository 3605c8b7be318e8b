import { callJson } from './client.ts';
import type { ExplanationReply } from './reply-types.ts';

/** Asks why a file is loaded, or not; what has a slash in it is a path. */
export function explainFile(asked: string, signal: AbortSignal): Promise<ExplanationReply> {
  const isPath = asked.includes('/') || asked === '.' || asked === '..';
  return callJson('ingestion/explain', { query: isPath ? { path: asked } : { name: asked }, signal });
}
