import type { Queryable } from '../database/client.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { findFiles } from '../ingest/ledger/find-files.ts';
import { HttpProblem } from './problem.ts';

/** @throws HttpProblem 404 where the ledger has no such file */
export async function findFile(database: Queryable, fileId: number): Promise<SourceFileRow> {
  const [file] = await findFiles(database, [fileId]);
  if (file === undefined)
    throw new HttpProblem('file_not_found', `there is no file ${fileId}; GET /ingestion/files lists all`);
  return file;
}
