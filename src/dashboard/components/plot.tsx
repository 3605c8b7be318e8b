import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../shell/theme.ts';
import { useStore } from '../state/use-store.ts';
import { type PlotColours, readColours } from './plot-colours.ts';

// Only what is drawn here gets into the page.
Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

export type PlotConfiguration = ChartConfiguration<'line' | 'bar'>;

export interface PlotProps {
  /** what the picture shows, in a sentence with its main figures; a table of all of them should stand near it */
  readonly label: string;
  /** makes the plot from the colours of the present theme; called at each drawing */
  configure(colours: PlotColours): PlotConfiguration;
  readonly class?: string;
}

/** A canvas with a chart that follows its data, the theme and the width that it is given. */
export function Plot({ label, configure, class: className = '' }: PlotProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart<'line' | 'bar'> | undefined>(undefined);
  const dark = useStore(isDark);

  useEffect(() => {
    return () => {
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [dark]);

  useEffect(() => {
    if (canvas.current === null) return;
    const colours = readColours(canvas.current);
    const { data, options = {}, ...rest } = configure(colours);
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    const plain = { responsive: true, maintainAspectRatio: false, ...(calm ? { animation: false as const } : {}) };
    const font = { family: getComputedStyle(canvas.current).fontFamily, size: 12 };
    const settings = { font, color: colours.text, borderColor: colours.line, ...plain, ...options };
    if (chart.current === undefined) {
      chart.current = new Chart(canvas.current, { ...rest, data, options: settings });
      return;
    }
    chart.current.data = data;
    chart.current.options = settings;
    chart.current.update('none');
  });

  return (
    <div class={`plot ${className}`}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}
