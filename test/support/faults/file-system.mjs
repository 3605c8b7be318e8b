// Faults of the file system that a test can't get from this machine's. Given to `node --import`, so it runs before the
// product, in its main thread and in each loader thread; the product itself has no line for faults.
//
// SLUICE_FILE_FAULT=call:action[@n[+]][~name][,…]
//   watch:CODE    fs.watch throws, as at the system's limits (ENOSPC, EMFILE)
//   watch:silent  fs.watch succeeds and never tells anything, as on network mounts
//   lstat:CODE    looking at an entry fails
//   lstat:busy    looking at an entry blocks the event loop for 5 s, and tells so on stderr when it begins
//   read:CODE     reading from an open file fails: at the n-th time in a thread (default 1), with + at each from then on
//   read:short    a read gives no more than 170 bytes
//   read:wait     a read is answered only once there is the path of SLUICE_FILE_FAULT_UNTIL
// `~name`: only for paths that end with it. SLUICE_FILE_FAULT_UNTIL=path: no fault any more once there is such a path.
import { EventEmitter } from 'node:events';
import fs, { readlinkSync, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';

const SHORT_BYTES = 170;
const BUSY_MS = 5000;

const planned = (process.env['SLUICE_FILE_FAULT'] ?? '')
  .split(',')
  .filter((text) => text !== '')
  .map((text) => {
    const match = /^(watch|lstat|read):(\w+)(?:@(\d+)(\+)?)?(?:~(.+))?$/.exec(text);
    if (match === null) throw new Error(`SLUICE_FILE_FAULT does not know '${text}'`);
    const [, call, action, at, andLater, ending = ''] = match;
    return { call, action, at: Number(at ?? 1), isLasting: at === undefined || andLater === '+', ending, seen: 0 };
  });

const until = process.env['SLUICE_FILE_FAULT_UNTIL'];
const { existsSync } = fs;

function due(call, path) {
  if (until !== undefined && existsSync(until)) return undefined;
  const fault = planned.find((each) => each.call === call && String(path).endsWith(each.ending));
  if (fault === undefined) return undefined;
  fault.seen += 1;
  return fault.seen === fault.at || (fault.isLasting && fault.seen > fault.at) ? fault.action : undefined;
}

function failure(code, syscall, path) {
  return Object.assign(new Error(`${code}: fault, ${syscall} '${path}'`), { code, syscall, errno: -1, path });
}

const { watch } = fs;
fs.watch = (path, ...rest) => {
  const action = due('watch', path);
  if (action === undefined) return watch(path, ...rest);
  if (action !== 'silent') throw failure(action, 'watch', path);
  return Object.assign(new EventEmitter(), { close: () => {}, ref: () => {}, unref: () => {} });
};

const { lstat } = fs.promises;
fs.promises.lstat = async (path, options) => {
  const action = due('lstat', path);
  if (action === 'busy') {
    writeSync(2, 'fault lstat busy\n');
    const end = performance.now() + BUSY_MS;
    while (performance.now() < end);
  } else if (action !== undefined) throw failure(action, 'lstat', path);
  return await lstat(path, options);
};

const pathOf = (descriptor) => readlinkSync(`/proc/self/fd/${descriptor}`);

const { readSync } = fs;
fs.readSync = (descriptor, buffer, offset, length, position) => {
  const path = planned.length === 0 ? '' : pathOf(descriptor);
  const action = due('read', path);
  if (action !== undefined && action !== 'short') throw failure(action, 'read', path);
  return readSync(descriptor, buffer, offset, action === 'short' ? Math.min(length, SHORT_BYTES) : length, position);
};

const handle = await fs.promises.open(process.execPath);
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const { read } = prototype;
prototype.read = async function (buffer, offset, length, position) {
  const path = pathOf(this.fd);
  const action = due('read', path);
  while (action === 'wait' && !existsSync(until)) await delay(20);
  if (action !== undefined && action !== 'short' && action !== 'wait') throw failure(action, 'read', path);
  return await read.call(this, buffer, offset, action === 'short' ? Math.min(length, SHORT_BYTES) : length, position);
};

syncBuiltinESMExports();
