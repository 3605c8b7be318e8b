/** What a kill loop has done and found, over all of its cycles. */
export class Tally {
  serverKills = 0;
  backendKills = 0;
  postmasterKills = 0;
  freezes = 0;
  /** kills of a server while the ledger said that something was loading */
  killsInMidLoad = 0;
  cycles = 0;
  files = 0;
  rows = 0;
  rejected = 0;
  /** attempts beyond the first: work that a fault broke off */
  repeated = 0;
  lost = 0;
  duplicated = 0;
  /** from the spawn of a server in place of a killed one to its word that it is ready, with whatever else was going on; milliseconds */
  readonly readyMs: number[] = [];
  /** from the last fault of a cycle until every row was in; milliseconds */
  readonly settledMs: number[] = [];

  toString(): string {
    const lines: [string, string][] = [
      ['kills', `${this.serverKills} servers, ${this.backendKills} backends, ${this.postmasterKills} postmasters`],
      ['while files load', `${this.killsInMidLoad} of the server kills; ${this.freezes} servers frozen and thawed`],
      ['cycles', String(this.cycles)],
      ['files', `${this.files}, ${this.repeated} loads begun again`],
      ['rows', `${this.rows + this.rejected} read, ${this.rows} loaded, ${this.rejected} rejected`],
      ['lost', String(this.lost)],
      ['duplicated', String(this.duplicated)],
      ['killed to ready', spread(this.readyMs)],
      ['last fault to all in', spread(this.settledMs)],
    ];
    return lines.map(([name, value]) => `${name.padEnd(22)}${value}`).join('\n');
  }
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    `${((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) / 1000).toFixed(2)} s`;
  return sorted.length === 0 ? 'none' : `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
}
