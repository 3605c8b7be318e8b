import type { ComponentChildren } from 'preact';
import { type LiveStats, liveStats } from '../../api/live-stats.ts';
import type { Stats } from '../../api/reply-types.ts';
import { lagSecondsAt } from '../../api/stats-history.ts';
import { formatByteRate } from '../../format/bytes.ts';
import { formatDuration, formatSeconds } from '../../format/durations.ts';
import { formatCount, formatCounted, formatPercent, formatShortCount } from '../../format/numbers.ts';
import { useNow } from '../../state/use-now.ts';
import { useStore } from '../../state/use-store.ts';

export function Tiles() {
  const latest = useStore(liveStats);
  return (
    <section aria-label="Now" class="tiles">
      {latest === undefined ? <Outlines /> : <Figures latest={latest} />}
    </section>
  );
}

function Figures({ latest }: { readonly latest: LiveStats }) {
  const now = useNow(1000);
  const { stats } = latest;
  const { rows, throughput, latency, watcher } = stats;
  const waiting = stats.lag.queuedFiles;
  const loading = stats.files.loading;
  const hasLatency = latency.p95Ms > 0;
  return (
    <dl>
      <Tile name="Throughput" note={`${formatByteRate(throughput.bytesPerSecond)}, over the last minute`}>
        {formatCount(throughput.rowsPerSecond)} <span class="unit">rows/s</span>
      </Tile>
      <Tile
        name="Waiting"
        note={
          waiting === 0
            ? nowLoading(loading)
            : `the oldest for ${formatSeconds(lagSecondsAt(latest, now))}; ${nowLoading(loading)}`
        }
      >
        {formatCount(waiting)} <span class="unit">{waiting === 1 ? 'file' : 'files'}</span>
      </Tile>
      <Tile
        name="Latency"
        note={hasLatency ? `median; 95 % within ${formatDuration(latency.p95Ms)}` : 'from seen to committed'}
      >
        {hasLatency ? formatDuration(latency.p50Ms) : '–'}
      </Tile>
      <Tile
        name="Rows loaded"
        note={`of ${formatCount(rows.read)} read, in ${formatCounted(stats.files.loaded, 'file')}`}
      >
        <Total value={rows.loaded} />
      </Tile>
      <Tile
        name="Rows rejected"
        note={rows.read === 0 ? 'nothing read yet' : `${formatPercent(rows.rejected / rows.read)} of those read`}
      >
        <Total value={rows.rejected} />
      </Tile>
      <Tile name="Watched folder" note={<code>{watcher.directory}</code>}>
        <Watcher state={watcher.state} />
      </Tile>
    </dl>
  );
}

function Tile(props: {
  readonly name: string;
  readonly note: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="tile">
      <dt>{props.name}</dt>
      <dd class="tile-value">{props.children}</dd>
      <dd class="tile-note">{props.note}</dd>
    </div>
  );
}

/** What has more digits than a narrow tile has room for is told in short, with all of them behind it. */
const LONGEST_IN_FULL = 99_999_999;

function Total({ value }: { readonly value: number }) {
  return value > LONGEST_IN_FULL ? (
    <span title={formatCount(value)}>{formatShortCount(value)}</span>
  ) : (
    formatCount(value)
  );
}

const WATCHER = {
  watching: { words: 'watching', tone: 'ok' },
  'rescan-only': { words: 'looking now and then', tone: 'warn' },
  unavailable: { words: 'unavailable', tone: 'bad' },
} as const satisfies Record<Stats['watcher']['state'], { words: string; tone: string }>;

function Watcher({ state }: { readonly state: Stats['watcher']['state'] }) {
  const { words, tone } = WATCHER[state];
  return <span class={`tile-state tone-${tone}`}>{words}</span>;
}

const nowLoading = (files: number): string =>
  files === 0 ? 'none is being loaded' : `${formatCounted(files, 'file')} being loaded`;

const OUTLINES = ['Throughput', 'Waiting', 'Latency', 'Rows loaded', 'Rows rejected', 'Watched folder'];

/** The names are known before the figures are, so that nothing moves when they come. */
function Outlines() {
  return (
    <dl aria-busy="true">
      {OUTLINES.map((name) => (
        <div key={name} class="tile">
          <dt>{name}</dt>
          <dd class="tile-value">
            <span class="skeleton-line" />
            <span class="visually-hidden">not known yet</span>
          </dd>
          <dd class="tile-note">
            <span class="skeleton-line" />
          </dd>
        </div>
      ))}
    </dl>
  );
}
