import { Link, useRoute } from 'wouter-preact';
import { apiKey, forgetApiKey } from '../api/api-key.ts';
import { Icon } from '../components/icon.tsx';
import { useStore } from '../state/use-store.ts';
import { ConnectionMark } from './connection-mark.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

export function Header() {
  const key = useStore(apiKey);
  return (
    <header class="shell-header">
      <button type="button" class="skip-link" onClick={skipToMain}>
        Skip to the content
      </button>
      <Link href="/" class="brand">
        <Icon name="waves" />
        Sluice
      </Link>
      <nav aria-label="Pages">
        <NavLink href="/" label="Files" />
        <NavLink href="/problems" label="Problems" />
        <NavLink href="/analytics" label="Analytics" />
        <a class="nav-link" href="docs">
          API
        </a>
      </nav>
      <div class="shell-tools">
        <ConnectionMark />
        {key === undefined ? null : (
          <button type="button" class="button quiet" onClick={forgetApiKey}>
            <Icon name="key" />
            <span class="wide-only">Forget key</span>
            <span class="visually-hidden narrow-only">Forget key</span>
          </button>
        )}
        <ThemeSwitch />
      </div>
    </header>
  );
}

function NavLink({ href, label }: { readonly href: string; readonly label: string }) {
  const [isHere] = useRoute(href);
  return (
    <Link href={href} class="nav-link" aria-current={isHere ? 'page' : undefined}>
      {label}
    </Link>
  );
}

/** A link to `#main` would be an address of the router. */
function skipToMain(): void {
  document.getElementById('main')?.focus();
}
