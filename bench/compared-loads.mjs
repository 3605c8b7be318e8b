import { inTurn } from './race.mjs';
import { deadlineOf, Service } from './service.mjs';
import { median, ratios } from './statistics.mjs';

/** More than there are rows, so that each row is another one's. */
const OTHER_USERS = 10_000_000;

/** Ten times slower than ever seen. */
const SLOWEST_MS_PER_FILE = 10;

/** Loads by which two versions are compared: the settings of the service, and the files, made once for both. */
export const COMPARED_LOADS = {
  one: {
    what: '10,000 users, 1 loader',
    settings: { LOADERS: '1' },
    files: async (files, { rows }) => [await files.clean({ rows })],
  },
  others: {
    what: 'each row another user, 1 loader',
    settings: { LOADERS: '1' },
    files: async (files, { rows }) => [await files.clean({ rows, users: OTHER_USERS })],
  },
  parallel: {
    what: '10,000 users, 2 loaders',
    settings: { LOADERS: '2' },
    files: async (files, { rows }) => [await files.clean({ rows, seed: 1 }), await files.clean({ rows, seed: 2 })],
  },
  small: {
    what: 'default loaders',
    settings: {},
    files: (files, { smallFiles }) => files.small(smallFiles),
  },
};

/** A line of the table: both versions load the same files in turn, each into a database of its own. `places` are `before` and `now`. */
export async function compareLoad({ what, settings, files: make }, { places, size, runs }) {
  const files = await make(places.now.files, size);
  const withinMs = deadlineOf(files) + files.length * SLOWEST_MS_PER_FILE;
  const services = {};
  try {
    const contestants = {};
    for (const [name, place] of Object.entries(places)) {
      const service = await Service.open(place, settings);
      services[name] = service;
      contestants[name] = {
        load: () => service.load(files, { withinMs }),
        digest: () => service.ledger.contentDigest(),
      };
    }
    const { before, now } = await inTurn({ runs, contestants });
    const { ofMedians, medianOfPairs } = ratios(before, now);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const cells = [
      `${files.length} × ${files[0].rows.toLocaleString('en')} rows, ${what}`,
      runs,
      shown(rows, before),
      shown(rows, now),
      slowdown(ofMedians),
      slowdown(medianOfPairs),
    ];
    return `| ${cells.join(' | ')} |`;
  } finally {
    for (const service of Object.values(services)) await service.close();
    for (const place of Object.values(places)) await place.clear();
  }
}

function shown(rows, seconds) {
  const spread = `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`;
  return `${Math.round(rows / median(seconds)).toLocaleString('en')} rows/s, ${median(seconds).toFixed(2)} s (${spread})`;
}

/** Above 1 the version of now takes longer. */
function slowdown(ratio) {
  const percent = (ratio - 1) * 100;
  return `${ratio.toFixed(3)} (${percent < 0 ? '' : '+'}${percent.toFixed(1)} %)`;
}
