// Named points on the way of a file, at which a test lets the process die, fail or stop. Given to `node --import`, so
// it runs before the product, in its main thread and in each loader thread, and wraps what the product calls: node-postgres,
// the file system, HTTP. The product itself has no line for faults, so none can be switched on in use.
//
// SLUICE_FAULT=point:action[@n][,point:action[@n]…]; n: at the n-th time in a thread, default 1. With SLUICE_FAULT_ONCE, a
// folder, each happens once in all threads and processes that are given that folder, and the next thread passes.
// Actions: kill (SIGKILL), stop (SIGSTOP), throw (an error), exit (ends the thread, or in the main thread the process), oom
// (takes memory until there is none). Each fault that happens is told on stderr as `fault <point> <action>`.
//
// Points, each with `.before` and `.after` unless it says otherwise: in a loader thread load.begin, load.copy.middle
// and load.copy.marked (as they are: rows are under way, or one that holds the word `marked`), load.copy.after (the server has taken all), load.ledger, load.commit; in the main thread
// removal.events, removal.rejects, removal.ledger, removal.commit (rows are taken out because somebody said so), register, claim, spool.link, spool.unlink, upload.insert, upload.commit, reply.before, archive.link, archive.aside,
// archive.unlink.
import fs, { closeSync, openSync, writeSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import pg from 'pg';

/** the name of a file that is being put away */
const ASIDE = /\/\.sluice-\d+-/;

const planned = (process.env['SLUICE_FAULT'] ?? '')
  .split(',')
  .filter((text) => text !== '')
  .map((text) => {
    const match = /^([\w.]+):(kill|stop|throw|exit|oom)(?:@(\d+))?$/.exec(text);
    if (match === null) throw new Error(`SLUICE_FAULT does not know '${text}'`);
    return { point: match[1], action: match[2], at: Number(match[3] ?? 1), seen: 0 };
  });

/** What the statements of the product are called here: by their text, and by the name of the connection. */
function statementName(text, application) {
  const sql = text.toLowerCase();
  const isUpdate = sql.startsWith('update "source_files"');
  if (application.startsWith('sluice-loader')) {
    if (sql.startsWith('begin; set local')) return 'load.begin';
    if (sql.startsWith('copy user_events')) return 'load.copy';
    if (isUpdate && sql.includes('"bytes_committed" =')) return 'load.ledger';
    if (sql === 'commit') return 'load.commit';
  }
  if (application === 'sluice-removal') {
    if (sql.includes('delete from user_events')) return 'removal.events';
    if (sql.startsWith('delete from "rejected_rows"')) return 'removal.rejects';
    if (isUpdate) return 'removal.ledger';
    if (sql === 'commit') return 'removal.commit';
  }
  if (application === 'sluice-queue') {
    if (isUpdate && sql.includes('skip locked') && sql.includes('oldest')) return 'claim';
    if (sql.includes('insert into source_files')) return 'register';
  }
  if (application === 'sluice-api') {
    if (sql.includes('insert into source_files')) return 'upload.insert';
    if (sql === 'commit') return 'upload.commit';
  }
  return undefined;
}

function due(point) {
  const fault = planned.find((each) => each.point === point);
  if (fault === undefined) return undefined;
  fault.seen += 1;
  return fault.seen === fault.at && isFirst(fault) ? fault.action : undefined;
}

function isFirst({ point }) {
  const folder = process.env['SLUICE_FAULT_ONCE'];
  if (folder === undefined) return true;
  try {
    closeSync(openSync(`${folder}/${point}`, 'wx'));
    return true;
  } catch {
    return false;
  }
}

/** Does what is planned for a point. Resolves at once where nothing is. */
async function reach(point) {
  const action = due(point);
  if (action === undefined) return;
  // Synchronous: nothing that is written later leaves a process that is killed.
  writeSync(2, `fault ${point} ${action}\n`);
  switch (action) {
    case 'kill':
    case 'stop':
      process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP');
      // The signal may meet another thread first: this one must not go on before it is stopped, too.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      return;
    case 'throw':
      throw new Error(`fault at ${point}`);
    case 'exit':
      return process.exit(1);
    case 'oom':
      for (const taken = []; ; ) taken.push(new Array(100_000).fill(Math.random()));
  }
}

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function (config, values, callback) {
  const text = typeof config === 'string' ? config : (config?.text ?? '');
  const name = statementName(text, this.connectionParameters.application_name ?? '');
  if (name === undefined) return query.call(this, config, values, callback);
  if (typeof config?.submit === 'function') {
    // A COPY stream: `load.copy.middle` is reached with bytes under way, `load.copy.after` when the server has taken all.
    const stream = query.call(this, config);
    const { write, end } = stream;
    let written = 0;
    stream.write = (chunk, done) => {
      written += 1;
      const points = [
        ...(written < 2 ? [] : ['load.copy.middle']),
        ...(chunk.includes('marked') ? ['load.copy.marked'] : []),
      ];
      if (points.length === 0) return write.call(stream, chunk, done);
      return write.call(stream, chunk, (error) =>
        error ? done(error) : Promise.all(points.map(reach)).then(() => done(), done),
      );
    };
    stream.end = (done) =>
      end.call(stream, (error) => (error ? done(error) : reach(`${name}.after`).then(() => done(), done)));
    return stream;
  }
  // A pool calls back; everybody else awaits.
  const done = typeof values === 'function' ? values : callback;
  if (done !== undefined) {
    const after = (error, result) =>
      error ? done(error) : void reach(`${name}.after`).then(() => done(undefined, result), done);
    const parameters = typeof values === 'function' ? undefined : values;
    return void reach(`${name}.before`).then(() => query.call(this, config, parameters, after), done);
  }
  return reach(`${name}.before`)
    .then(() => query.call(this, config, values))
    .then((result) => reach(`${name}.after`).then(() => result));
};

/** Wraps a function of node:fs/promises with the point that a call of it is, where it is one. */
function wrapFileSystem(name, pointOf) {
  const original = fs.promises[name];
  fs.promises[name] = async (...args) => {
    const point = pointOf(...args.map(String));
    if (point === undefined) return await original(...args);
    await reach(`${point}.before`);
    const result = await original(...args);
    await reach(`${point}.after`);
    return result;
  };
}

wrapFileSystem('link', (from, to) =>
  from.includes('/.uploads/') ? 'spool.link' : to.includes('/.archive/') ? 'archive.link' : undefined,
);
wrapFileSystem('rename', (_from, to) => (ASIDE.test(to) ? 'archive.aside' : undefined));
wrapFileSystem('unlink', (path) =>
  ASIDE.test(path) ? 'archive.unlink' : path.endsWith('.part') ? 'spool.unlink' : undefined,
);
syncBuiltinESMExports();

const writeHead = ServerResponse.prototype.writeHead;
ServerResponse.prototype.writeHead = function (...args) {
  if (this.req?.url?.startsWith('/uploads')) void reach('reply.before').catch(() => this.destroy());
  return writeHead.apply(this, args);
};
