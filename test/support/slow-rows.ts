import type { TestDatabase } from './postgres.ts';

/** Lets each row of a load take so many seconds, until `atFullSpeed`. */
export async function slowDownLoads(database: Pick<TestDatabase, 'query'>, secondsPerRow: number): Promise<void> {
  await database.query(`
    create function slow_down() returns trigger language plpgsql as
      $$ begin perform pg_sleep(${secondsPerRow}); return new; end $$;
    create trigger slow_down before insert on user_events for each row execute function slow_down()`);
}

export async function atFullSpeed(database: Pick<TestDatabase, 'query'>): Promise<void> {
  await database.query('drop trigger slow_down on user_events');
}
