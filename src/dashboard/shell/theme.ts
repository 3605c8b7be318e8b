import { createStore } from '../state/store.ts';

/** `system`: as the browser prefers, also when that changes. */
export type Theme = 'system' | 'light' | 'dark';

const STORAGE_KEY = 'sluice-theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = createStore<Theme>(stored());

/** Whatever is drawn with colours read from the style sheet has to be drawn again when this changes. */
export const isDark = createStore(false);

export function applyStoredTheme(): void {
  const preference = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const chosen = theme.get();
    if (chosen === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = chosen;
    isDark.set(chosen === 'dark' || (chosen === 'system' && preference.matches));
  };
  preference.addEventListener('change', apply);
  theme.subscribe(apply);
  apply();
}

export function chooseTheme(next: Theme): void {
  try {
    localStorage.setItem(STORAGE_KEY, next);
  } catch {
    // A browser that keeps nothing for a page: the choice lasts until it is loaded again.
  }
  theme.set(next);
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(STORAGE_KEY);
    return THEMES.find((name) => name === text) ?? 'system';
  } catch {
    return 'system';
  }
}
