import { Readable } from 'node:stream';
import { type TSchema, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { csvDisposition } from './csv-text.ts';
import { preferred } from './media-type.ts';
import { oneOf, page } from './schemas/shared.ts';

const JSON_TYPE = 'application/json';
const CSV_TYPE = 'text/csv';
const TYPES = { json: JSON_TYPE, csv: CSV_TYPE } as const;

/** The parameter of a list that is given as CSV, too. */
export const FormatQuery = Type.Object({
  format: Type.Optional(
    oneOf(['json', 'csv', ''], {
      description:
        'instead of an `Accept` header, as for a link in a page; CSV then begins with a byte order mark, by which Excel knows UTF-8',
    }),
  ),
});

/** The reply of such a list; `columns` says in words what stands in the CSV. */
export function pageOrCsv<Row extends TSchema>(row: Row, columns: string) {
  /** Sent as a stream; what the description shows is the text. */
  const csv = Type.Unsafe<Readable>({
    type: 'string',
    description: `RFC 4180, UTF-8, with a byte order mark where format=csv asks for it: ${columns}`,
  });
  return {
    description: 'A page of them as JSON, or all of them as CSV',
    content: { [JSON_TYPE]: { schema: page(row) }, [CSV_TYPE]: { schema: csv } },
  };
}

/** How a list is wanted: by `format`, or else by the header. Tells caches that the header matters. */
export function asksForCsv(
  request: FastifyRequest,
  reply: FastifyReply,
  format: keyof typeof TYPES | '' | undefined,
): { readonly isCsv: boolean; readonly forSpreadsheet: boolean } {
  reply.header('vary', 'accept');
  const type =
    format === undefined || format === '' ? preferred(request.headers.accept, JSON_TYPE, CSV_TYPE) : TYPES[format];
  return { isCsv: type === CSV_TYPE, forSpreadsheet: format === 'csv' };
}

/** The reply as CSV, to be saved under a name. HEAD has the headers, and nothing is read for it. */
export async function csvReply(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  open: () => Promise<Readable> | Readable,
): Promise<Readable> {
  const csv = request.method === 'HEAD' ? Readable.from([], { objectMode: false }) : await open();
  reply.header('content-disposition', csvDisposition(name)).type(`${CSV_TYPE}; charset=utf-8`);
  return csv;
}
