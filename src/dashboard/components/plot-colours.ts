const NAMES = {
  text: '--muted',
  line: '--line',
  surface: '--surface',
  accent: '--accent',
  accentSoft: '--accent-soft',
  ok: '--ok',
  warn: '--warn',
  bad: '--bad',
  calm: '--muted',
  violet: '--violet',
} as const;

/** Colours as a canvas understands them. */
export type PlotColours = Readonly<Record<keyof typeof NAMES, string>>;

/** A custom property keeps `light-dark(…)` as it is written; only as the colour of an element it becomes one of both. */
export function readColours(near: Element): PlotColours {
  const probe = document.createElement('span');
  (near.parentElement ?? document.body).append(probe);
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, read(name)]));
  probe.remove();
  // Made from the very keys of NAMES.
  return colours as PlotColours;
}
