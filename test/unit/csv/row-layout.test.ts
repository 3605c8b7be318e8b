import { describe, expect, it } from 'vitest';
import { RowLayout } from '../../../src/ingest/csv/row-layout.ts';
import { EVENT_COLUMNS } from '../../../src/ingest/event-columns.ts';

const layout = (columns: string, delimiter = ',') => new RowLayout({ headerColumns: columns.split(','), delimiter });
const OWN = 'sluice_line,sluice_reason,sluice_message';

describe('a rejected row in the columns of its file', () => {
  it('has them as they are, in their order', () => {
    const file = layout('Shop,user_id,=note', ';');
    expect(file.columns).toEqual(['Shop', 'user_id', '=note']);
    expect(file.cells('"a;b";u1;=1')).toEqual(['a;b', 'u1', '=1']);
  });

  it('with too few fields leaves the last ones empty, and with too many joins the rest to the last', () => {
    const file = layout('a,b,c');
    expect(file.cells('1')).toEqual(['1', '', '']);
    expect(file.cells('1,2,3,"4",5')).toEqual(['1', '2', '3,4,5']);
  });

  it('is without what Sluice had added to it, marks of formulas too, wherever that stands', () => {
    expect(layout(`a,b,${OWN}`).columns).toEqual(['a', 'b']);
    expect(layout(`a,b,${OWN}`).cells("'=1,''-2,7,invalid_price,a (file 1; line 7)")).toEqual(['=1', "'-2"]);
    expect(layout(`a,b,${OWN}`).cells('1,2,3,7,invalid_price,m')).toEqual(['1', '2,3']);
    expect(layout('Sluice_Message,a,sluice_line,b').cells('m,1,7,2')).toEqual(['1', '2']);
  });

  it('keeps marks in the rows of a file that is no correction: there they are data', () => {
    expect(layout('a,b').cells("'=1,2")).toEqual(["'=1", '2']);
  });

  it('of a file with an unknown header is in the usual columns, taken apart at what finds most fields', () => {
    const file = new RowLayout({ headerColumns: null, delimiter: null });
    expect(file.columns).toEqual(EVENT_COLUMNS);
    expect(file.cells('u1;view;"a,b";p1;Mug;1;s1')).toEqual(['u1', 'view', 'a,b', 'p1', 'Mug', '1', 's1']);
    expect(file.span('u1;view', 'user_id')).toBeNull();
  });

  it('shows where a column stands, if it is there', () => {
    const file = layout('Price,USER_ID ', ';');
    expect(file.span('1;"u1"', 'user_id')).toEqual({ start: 2, end: 6 });
    expect(file.span('1', 'user_id')).toBeNull();
    expect(file.span('1;2', 'product_id')).toBeNull();
  });
});
