import { Icon } from '../components/icon.tsx';
import { useStore } from '../state/use-store.ts';
import { chooseTheme, type Theme, theme } from './theme.ts';

const NEXT = { system: 'light', light: 'dark', dark: 'system' } as const satisfies Record<Theme, Theme>;
const LOOK = {
  system: { icon: 'contrast', words: 'as the system' },
  light: { icon: 'sun', words: 'light' },
  dark: { icon: 'moon', words: 'dark' },
} as const;

export function ThemeSwitch() {
  const chosen = useStore(theme);
  const { icon, words } = LOOK[chosen];
  const label = `Colours: ${words}; change to ${LOOK[NEXT[chosen]].words}`;
  return (
    <button
      type="button"
      class="button quiet icon-only"
      aria-label={label}
      title={label}
      onClick={() => chooseTheme(NEXT[chosen])}
    >
      <Icon name={icon} />
    </button>
  );
}
