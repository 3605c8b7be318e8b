import type { SQLWrapper } from 'drizzle-orm';
import type { PgView } from 'drizzle-orm/pg-core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DownloadsBusyError, type ListDownloads } from '../analytics/list-downloads.ts';
import { columnsOf, rowReader } from '../analytics/view-rows.ts';
import { csvReply } from './csv-reply.ts';
import { BYTE_ORDER_MARK, csvRecord } from './csv-text.ts';
import { HttpProblem } from './problem.ts';

const RETRY_AFTER = { 'retry-after': '5' };

export interface ViewAsCsv<View extends PgView> {
  /** the list is saved under this name */
  readonly name: string;
  readonly view: View;
  /** rows of the view */
  readonly select: SQLWrapper;
  /** what JSON has for a row: the cells are its values */
  readonly toReply: (row: View['$inferSelect']) => Readonly<Record<string, string | number>>;
  readonly forSpreadsheet: boolean;
}

/** A whole list as CSV, in the columns of its view. */
export async function replyWithList<View extends PgView>(
  request: FastifyRequest,
  reply: FastifyReply,
  downloads: ListDownloads,
  { name, view, select, toReply, forSpreadsheet }: ViewAsCsv<View>,
) {
  const columns = columnsOf(view);
  const read = rowReader(view);
  const names = columns.map(([, column]) => column.name);
  const cells = (row: Readonly<Record<string, string | number>>) => columns.map(([key]) => String(row[key]));
  const list = {
    select,
    head: `${forSpreadsheet ? BYTE_ORDER_MARK : ''}${csvRecord(names)}`,
    toText: (rows: readonly Record<string, unknown>[]) =>
      rows.map((row) => csvRecord(cells(toReply(read(row))))).join(''),
  };
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  try {
    return await csvReply(request, reply, name, () => downloads.start(list, gone.signal));
  } catch (error) {
    // Nobody is left to be told, and nothing has gone wrong.
    if (gone.signal.aborted) return reply.hijack();
    if (!(error instanceof DownloadsBusyError)) throw error;
    throw new HttpProblem('busy', `${error.message}; try again`, { headers: RETRY_AFTER, cause: error });
  }
}
