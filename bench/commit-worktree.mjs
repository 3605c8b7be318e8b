import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionError } from './options.mjs';
import { runProgram } from './run-program.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOCK = 'package-lock.json';

/** A commit of this repository, checked out and built beside what is here. */
export class CommitWorktree {
  /** the commit in short, as git writes it */
  commit;
  #directory;
  #signal;

  /** @throws OptionError where there is no such commit */
  static async make(commit, { directory, signal }) {
    const worktree = new CommitWorktree();
    worktree.#directory = directory;
    worktree.#signal = signal;
    worktree.commit = await shortCommit(commit);
    await git('worktree', 'add', '--detach', '--quiet', directory, worktree.commit);
    try {
      await worktree.#install();
      await runProgram('npm', ['run', 'build'], { cwd: directory, signal });
    } catch (error) {
      await worktree.remove();
      throw error;
    }
    return worktree;
  }

  get main() {
    return join(this.#directory, 'dist', 'main.js');
  }

  async remove() {
    await git('worktree', 'remove', '--force', this.#directory);
  }

  /** What is installed here, where that commit wants the same; else what npm has kept. */
  async #install() {
    const [here, there] = await Promise.all([ROOT, this.#directory].map((root) => readFile(join(root, LOCK), 'utf8')));
    if (here === there) return symlink(join(ROOT, 'node_modules'), join(this.#directory, 'node_modules'));
    const options = ['--offline', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
    await runProgram('npm', ['ci', ...options], { cwd: this.#directory, signal: this.#signal });
  }
}

async function shortCommit(commit) {
  try {
    return (await git('rev-parse', '--verify', '--short=8', '--end-of-options', `${commit}^{commit}`)).trim();
  } catch {
    throw new OptionError(`there is no commit '${commit}' in this repository`);
  }
}

/** Never interrupted: a worktree that is half made or half removed would be left behind. */
async function git(...args) {
  return runProgram('git', args, { cwd: ROOT });
}
