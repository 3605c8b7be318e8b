// g: the most memory that the Node process ever held, for a small and a large file, each in a fresh process.
import { Service } from '../service.mjs';
import { atMost, summary } from '../statistics.mjs';

const MEGABYTE = 1e6;
const TARGET_MEGABYTES = 250;
const TARGET_GROWTH = 1.1;

export async function measure({ place, size, emit }) {
  const peaks = [];
  for (const bytes of size.memoryBytes) {
    const file = await place.files.cleanBytes(bytes);
    const service = await Service.open(place, {});
    try {
      const idle = await service.process.peakMemory();
      const seconds = await service.load([file]);
      const peak = await service.process.peakMemory();
      const what = `peak memory, ${Math.round(file.bytes / MEGABYTE).toLocaleString('en')} MB, default loaders`;
      if (peak === undefined) {
        emit({ what, unit: 'MB', notes: ['not measured: only Linux tells the peak of another process'] });
        continue;
      }
      peaks.push(peak);
      const targets = [atMost('peak', peak / MEGABYTE, TARGET_MEGABYTES, 'MB')];
      if (peaks.length === size.memoryBytes.length) {
        targets.push(atMost('larger/smaller', Math.max(...peaks) / Math.min(...peaks), TARGET_GROWTH));
      }
      emit({
        what,
        unit: 'MB',
        sluice: summary([peak / MEGABYTE]),
        targets,
        notes: [
          `${Math.round(idle / MEGABYTE)} MB after the warm-up, ${Math.round(file.rows / seconds).toLocaleString('en')} rows/s; the PostgreSQL server is not in it`,
        ],
      });
    } finally {
      await service.close();
    }
  }
}
