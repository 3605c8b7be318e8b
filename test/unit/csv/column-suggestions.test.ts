import { describe, expect, it } from 'vitest';
import { suggestColumns } from '../../../src/ingest/csv/column-suggestions.ts';
import { parseHeader } from '../../../src/ingest/csv/header.ts';
import { EVENT_COLUMNS, type EventColumn } from '../../../src/ingest/event-columns.ts';

/** What is suggested where one column has another name. */
function meant(name: string, column: EventColumn): string | undefined {
  const names = EVENT_COLUMNS.map((known) => (known === column ? name : known));
  return suggestColumns(names).find(({ header }) => header === name)?.column;
}

describe('did you mean', () => {
  it.each<[string, EventColumn]>([
    ['userId', 'user_id'],
    ['UserID', 'user_id'],
    ['User Id', 'user_id'],
    ['user-id', 'user_id'],
    ['user.id', 'user_id'],
    [' USER  ID ', 'user_id'],
    ['usr_id', 'user_id'],
    ['uesr_id', 'user_id'],
    ['customer_id', 'user_id'],
    ['eventType', 'event_type'],
    ['evnt_type', 'event_type'],
    ['action', 'event_type'],
    ['Timestamp', 'event_timestamp'],
    ['created_at', 'event_timestamp'],
    ['event_timestmap', 'event_timestamp'],
    ['SKU', 'product_id'],
    ['product', 'product_id'],
    ['productName', 'product_name'],
    ['title', 'product_name'],
    ['price', 'product_price'],
    ['product_prise', 'product_price'],
    ['session', 'session_id'],
    ['sesion_id', 'session_id'],
  ])('finds that %j is %s', (name, column) => {
    expect(meant(name, column)).toBe(column);
  });

  it.each<[string, EventColumn]>([
    ['', 'user_id'],
    ['id', 'user_id'],
    ['order_id', 'user_id'],
    ['currency', 'product_price'],
    ['product_color', 'product_name'],
    ['store', 'session_id'],
    ['用户', 'user_id'],
  ])('finds nothing where %j stands for %s', (name, column) => {
    expect(meant(name, column)).toBeUndefined();
  });

  it('says nothing of columns that are there', () => {
    expect(suggestColumns([...EVENT_COLUMNS, 'userId', 'timestamp'])).toEqual([]);
  });

  it('means no name twice, and gives it to the column that it is nearest to', () => {
    expect(suggestColumns(['name', 'product', 'product_nam', 'time'])).toEqual([
      { header: 'time', column: 'event_timestamp' },
      { header: 'product', column: 'product_id' },
      { header: 'product_nam', column: 'product_name' },
    ]);
  });

  it('means what other systems call a column rather than one that is a few letters away', () => {
    expect(suggestColumns(['user_id', 'event', 'event_time', 'product_id', 'product_name'])).toEqual([
      { header: 'event', column: 'event_type' },
      { header: 'event_time', column: 'event_timestamp' },
    ]);
  });

  it('takes no longer for a header of many long names than a blink', () => {
    const names = Array.from({ length: 200_000 }, (_, n) => `column_${n}`).concat('x'.repeat(1_000_000));
    // The fastest of three, which is the least disturbed by what else runs on the machine.
    const times = [1, 2, 3].map(() => {
      const before = performance.now();
      expect(suggestColumns(names)).toEqual([]);
      return performance.now() - before;
    });
    expect(Math.min(...times)).toBeLessThan(1000);
  });

  it('is part of the error that the file fails with', () => {
    const header = Buffer.from('userId;ts;event_type;product_id;product_name;product_price;session_id\n');
    expect(() => parseHeader(header, true, 1000)).toThrow(
      'the header has no column user_id, event_timestamp; its columns are: userId, ts, event_type, product_id, ' +
        'product_name, product_price, session_id; did you mean user_id by userId, event_timestamp by ts?',
    );
  });
});
