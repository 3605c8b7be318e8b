import { Ledger } from '../ledger.mjs';
import { median } from '../statistics.mjs';
import { monthOf, PartitionedEvents } from './partitioned-events.mjs';

const WARM_PLANS = 10;
/** What retention takes out in one transaction, as docs/decisions/0015-partitioning.md compares it. */
const STEP_ROWS = 10_000;

/** One run of one layout: tables are made, filled and measured. Seconds, milliseconds and megabytes, by what they are of. */
export async function measureLayout({ ledger, url, layout, events }) {
  const filled = async (order) => {
    const table = await PartitionedEvents.create(ledger, layout);
    await ledger.checkpoint();
    const seconds = await events.copyInto(table.table, order);
    await ledger.rows(`vacuum analyze ${table.table}`);
    return { table, seconds };
  };
  const day = await filled('day');
  const anyOrder = await filled('anyOrder');
  const size = await anyOrder.table.megabytes();
  const looked = await lookups(url, anyOrder.table.table);
  const ofFile = await removed(ledger, `delete from ${anyOrder.table.table} where file_id = ${events.files - 3}`);
  const inOrder = await filled('inOrder');
  return {
    'COPY, rows of one day, s': day.seconds,
    'COPY, rows of a year in order, s': inOrder.seconds,
    'COPY, rows of a year in no order, s': anyOrder.seconds,
    'rows, MB': size.rows,
    'indexes, MB': size.indexes,
    ...looked,
    'DELETE by file_id, one file of 20, ms': ofFile.ms,
    ...(await removalsOfMonths(ledger, inOrder.table)),
  };
}

/** A session of its own: the first plan reads the catalogue for every partition. */
async function lookups(url, table) {
  const session = await Ledger.open(url);
  const explain = async () => {
    const query = `select count(*) from ${table} where file_id = 7`;
    const [{ 'QUERY PLAN': plan }] = await session.rows(`explain (analyze, summary, format json) ${query}`);
    return { planning: plan[0]['Planning Time'], execution: plan[0]['Execution Time'] };
  };
  try {
    const first = await explain();
    const later = [];
    for (let run = 0; run < WARM_PLANS; run += 1) later.push(await explain());
    return {
      'lookup by file_id: first plan of a session, ms': first.planning,
      'later plans, ms': median(later.map(({ planning }) => planning)),
      'execution, ms': median(later.map(({ execution }) => execution)),
    };
  } finally {
    await session.close();
  }
}

async function removalsOfMonths(ledger, { table, partitions }) {
  const whole = await removed(ledger, `delete from ${table} where ${within(monthOf(0))}`);
  const steps = await removedInSteps(ledger, table, monthOf(1));
  const { from: first, to: last } = monthOf(2);
  const old = partitions.filter(({ from, to }) => from >= first && to <= last).map(({ name }) => name);
  const dropped = old.length === 0 ? undefined : await removed(ledger, `drop table ${old.join(', ')}`);
  const vacuum = await timed(() => ledger.rows(`vacuum ${table}`));
  return {
    'DELETE of a month, ms': whole.ms,
    'its locks until the commit': whole.locks,
    [`DELETE of a month, ${STEP_ROWS.toLocaleString('en')} rows at a time, ms`]: steps.ms,
    'longest of these transactions, ms': steps.longest,
    'DROP of the partitions of a month, ms': dropped?.ms ?? '–',
    'its locks until the commit, too': dropped?.locks ?? '–',
    'VACUUM after all that, s': vacuum / 1000,
  };
}

function within({ from, to }) {
  return `event_timestamp >= '${from.toISOString()}' and event_timestamp < '${to.toISOString()}'`;
}

/** One transaction, from its begin to its commit, and the locks of writers and more that it holds until then. */
async function removed(ledger, statement) {
  let locks;
  const ms = await timed(async () => {
    await ledger.rows('begin');
    await ledger.rows(statement);
    // Of its own tables and indexes, not of the catalogue, whose numbers end at 16383.
    [{ locks }] = await ledger.rows(
      `select string_agg(mode || ' × ' || number, ', ' order by mode) as locks
         from (select mode, count(*) as number from pg_locks
                where pid = pg_backend_pid() and locktype = 'relation' and relation >= 16384 and mode <> 'AccessShareLock'
                group by mode) as held`,
    );
    await ledger.rows('commit');
  });
  return { ms, locks };
}

async function removedInSteps(ledger, table, month) {
  const steps = [];
  for (let number = STEP_ROWS; number === STEP_ROWS; ) {
    const ms = await timed(async () => {
      [{ number }] = await ledger.rows(
        `with gone as (
           delete from ${table} where ${within(month)} and event_id = any(
             array(select event_id from ${table} where ${within(month)} limit ${STEP_ROWS})) returning 1)
         select count(*)::int as number from gone`,
      );
    });
    steps.push(ms);
  }
  return { ms: steps.reduce((sum, ms) => sum + ms, 0), longest: Math.max(...steps) };
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
