import { sql } from 'drizzle-orm';
import type { Queryable } from './client.ts';

/** For a transaction that lasts as long as there are rows: nothing may cut it but the loss or the freezing of its client, and these must. */
export async function lastAsLongAsNeeded(transaction: Queryable): Promise<void> {
  // Whatever is set for the role or database. Between two statements there is nothing to do: whoever is frozen there must not go on locking.
  await transaction.execute(sql`
    select set_config(name, case name when 'idle_in_transaction_session_timeout' then '1min' else '0' end, true)
      from pg_settings
     where name in ('statement_timeout', 'transaction_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')`);
  // Else the server would go on computing for minutes for a command that was interrupted. Not every system can.
  await transaction.execute(sql`
    do $$ begin
      perform set_config('client_connection_check_interval', '1s', true);
    exception when others then null;
    end $$`);
}
