// Worker threads with so little memory that one of them can be made to run out of it without the machine noticing:
// SLUICE_THREAD_MB for its old objects (https://nodejs.org/api/worker_threads.html#new-workerfilename-options).
import { createRequire, syncBuiltinESMExports } from 'node:module';

const threads = createRequire(import.meta.url)('node:worker_threads');
const maxOldGenerationSizeMb = Number(process.env['SLUICE_THREAD_MB'] ?? 64);

threads.Worker = class Worker extends threads.Worker {
  constructor(file, options) {
    super(file, { ...options, resourceLimits: { ...options?.resourceLimits, maxOldGenerationSizeMb } });
  }
};
syncBuiltinESMExports();
