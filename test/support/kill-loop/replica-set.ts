import type { Random } from '../../../src/generator/random.ts';
import { eventually } from '../eventually.ts';
import { type SluiceProcess, spawnService } from '../sluice-process.ts';

const AT_WORK_PERCENT = 80;
/** Ten processes may be starting on two cores while the database recovers. */
const READY_WITHIN_MS = 60_000;

/** Replicas of one folder and database, of which there are always as many as there should be. */
export class ReplicaSet {
  readonly #random: Random;
  readonly #spawn: () => SluiceProcess;
  readonly #replicas: SluiceProcess[];
  #turn = 0;
  readonly #addresses = new Map<SluiceProcess, string>();
  /** replicas that were told to end */
  readonly #expected = new WeakSet<SluiceProcess>();
  /** replicas that ended without being told to, each with its last words */
  readonly ownEnds: string[] = [];
  /** what any of them wrote about errors that they did not expect */
  readonly complaints: string[] = [];
  readonly #onReady: (afterMs: number) => void;

  constructor(options: {
    readonly random: Random;
    readonly size: number;
    readonly databaseUrl: string;
    readonly directory: string;
    readonly env: Readonly<Record<string, string>>;
    readonly onReady: (afterMs: number) => void;
  }) {
    const { random, size, databaseUrl, directory, env } = options;
    this.#random = random;
    this.#onReady = options.onReady;
    this.#spawn = () => spawnService({ databaseUrl, inputDirectory: directory, env });
    this.#replicas = Array.from({ length: size }, () => this.#start());
  }

  /** The address of one that is ready, each in its turn. */
  readonly address = (): string | undefined => {
    this.#turn += 1;
    const ready = [...this.#addresses.values()];
    return ready[this.#turn % Math.max(1, ready.length)];
  };

  async someReady(): Promise<void> {
    await eventually(() => {
      if (this.#addresses.size === 0) throw new Error(`no server is ready: ${this.#replicas.at(0)?.stdout}`);
    }, READY_WITHIN_MS);
  }

  get size(): number {
    return this.#replicas.length;
  }

  async allReady(): Promise<void> {
    await eventually(() => {
      if (this.#addresses.size < this.size)
        throw new Error(`${this.#addresses.size} of ${this.size} servers are ready`);
    }, READY_WITHIN_MS);
  }

  /** SIGKILL for one of them, as a rule one that is at work and not one that starts; another takes its place at once. */
  async killOne(): Promise<void> {
    if (this.#random.chance(AT_WORK_PERCENT)) await this.someReady();
    const atWork = this.#replicas.filter((replica) => this.#addresses.has(replica));
    const chosen = atWork.length > 0 ? atWork : this.#replicas;
    const replica = chosen[this.#random.below(chosen.length)];
    if (replica === undefined) return;
    const index = this.#replicas.indexOf(replica);
    this.#addresses.delete(replica);
    this.#expected.add(replica);
    await replica.kill('SIGKILL');
    this.#replicas[index] = this.#start();
  }

  /** Stops one for so long, as a machine that sleeps; it does not know that it has. */
  freezeOne(forMs: number): void {
    const replica = this.#replicas[this.#random.below(this.#replicas.length)];
    if (replica === undefined) return;
    replica.child.kill('SIGSTOP');
    setTimeout(() => replica.child.kill('SIGCONT'), forMs);
  }

  /** SIGTERM for all; answers with what they ended with. */
  async stop(): Promise<(number | NodeJS.Signals | null)[]> {
    for (const replica of this.#replicas) this.#expected.add(replica);
    const ends = await Promise.all(this.#replicas.map((replica) => replica.kill('SIGTERM')));
    return ends.map(({ code, signal }) => code ?? signal);
  }

  #start(): SluiceProcess {
    const replica = this.#spawn();
    const begin = performance.now();
    replica.ready(READY_WITHIN_MS).then(
      (address) => {
        this.#onReady(performance.now() - begin);
        this.#addresses.set(replica, address);
        if (replica.child.exitCode !== null || replica.child.signalCode !== null) this.#addresses.delete(replica);
      },
      // It was killed before; of one that ended by itself the next line tells.
      () => {},
    );
    void replica.exited.then(({ code, signal }) => {
      this.#addresses.delete(replica);
      if (replica.stdout.includes('nobody handled')) this.complaints.push(replica.stdout);
      if (this.#expected.has(replica)) return;
      this.ownEnds.push(`${code ?? signal}: ${replica.stderr.slice(-1000)}${replica.stdout.slice(-1000)}`);
    });
    return replica;
  }
}
