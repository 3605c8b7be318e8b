// Ctrl-C and its like: whatever is under way is ended, and the temporary directory and the database go before the process does.
import { setMaxListeners } from 'node:events';
import { OptionError } from './options.mjs';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const interrupted = new AbortController();
// One for each psql at work, as many as there are cores and more.
setMaxListeners(0, interrupted.signal);
let exitCode;

/** Aborted by the first signal; from here on this process ends by itself, and not by a signal. */
export function interruption() {
  for (const [name, code] of Object.entries(EXIT_CODES)) {
    // Every one of them is heard to the end: a second Ctrl-C must not leave the database running.
    process.on(name, () => {
      exitCode ??= code;
      interrupted.abort();
    });
  }
  return interrupted.signal;
}

/** Exit code of the signal that came, or undefined. */
export function interruptedExitCode() {
  return exitCode;
}

/** Ends a script that has thrown: a signal and a wish that can't be met are told in words, anything else is thrown again. */
export function endFailed(error, usage) {
  process.exitCode = exitCode ?? 1;
  if (interrupted.signal.aborted) console.error('interrupted');
  else if (error instanceof OptionError) console.error(`${error.message}\n\n${usage}`);
  else throw error;
}
