/** Outlines on a grid of 24 × 24. */
export const PATHS = {
  alert: 'M12 3 2 20h20L12 3ZM12 10v4M12 17v.01',
  'arrow-left': 'M19 12H5m6-6-6 6 6 6',
  check: 'm4 12 5 5L20 6',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 7v5l3 2',
  close: 'M6 6l12 12M18 6 6 18',
  contrast: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 3v18M12 7h7.5M12 11h9M12 15h8.5M12 19h5',
  copies: 'M8 8h12v12H8zM16 8V4H4v12h4',
  cross: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM9 9l6 6M15 9l-6 6',
  database:
    'M12 3c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.300-8-3 3.600-3 8-3ZM4 6v12c0 1.700 3.600 3 8 3s8-1.300 8-3V6M4 12c0 1.700 3.600 3 8 3s8-1.300 8-3',
  download: 'M12 4v11m-5-5 5 5 5-5M4 20h16',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  folder: 'M3 6h6l2 2h10v11H3z',
  key: 'M15 4a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM11.500 12.500 4 20v1h4v-3h3v-3',
  loading: 'M12 3a9 9 0 1 0 9 9',
  moon: 'M20 14A8.500 8.500 0 0 1 10 4a8.500 8.500 0 1 0 10 10Z',
  pause: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM10 9v6M14 9v6',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l5 5',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M2 12h2M20 12h2M4.900 19.100l1.400-1.400M17.700 6.300l1.400-1.400',
  undo: 'M8 5 4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3',
  unplugged: 'M3 3l18 18M9 3v4M15 3v4M7 9h10v3a5 5 0 0 1-1.500 3.500M8 14a5 5 0 0 0 4 3v4',
  upload: 'M12 16V5m-5 5 5-5 5 5M4 20h16',
  waves: 'M3 8c3-3 6-3 9 0s6 3 9 0M3 13c3-3 6-3 9 0s6 3 9 0M3 18c3-3 6-3 9 0s6 3 9 0',
} as const;

export type IconName = keyof typeof PATHS;
