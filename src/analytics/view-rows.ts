import { Column, getViewSelectedFields, is } from 'drizzle-orm';
import type { PgView } from 'drizzle-orm/pg-core';

/** The columns of a view in their order, each with its name in the rows of a select. */
export function columnsOf(view: PgView): readonly (readonly [key: string, column: Column])[] {
  const fields: Readonly<Record<string, unknown>> = getViewSelectedFields(view);
  return Object.entries(fields).flatMap(([key, field]) => (is(field, Column) ? [[key, field] as const] : []));
}

/** Reads rows of a view that have come as text, in the types that a select has. To look the columns up for each row took most of its time. */
export function rowReader<View extends PgView>(
  view: View,
): (texts: Readonly<Record<string, unknown>>) => View['$inferSelect'] {
  const columns = columnsOf(view);
  return (texts) => {
    const row: Record<string, unknown> = {};
    for (const [key, column] of columns) {
      const text = texts[column.name];
      row[key] = text === null ? null : column.mapFromDriverValue(text);
    }
    return row;
  };
}
