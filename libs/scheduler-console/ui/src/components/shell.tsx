import type { ComponentChildren } from 'preact';
import { me, signOut } from '../api/session';
import { liveState } from '../live/channel';
import { href, route } from '../lib/router';
import { theme, type Theme } from '../lib/theme';
import { Icon, type IconName } from './icon';

const PAGES = ['overview', 'executions', 'workflows', 'schedules', 'queues', 'locks', 'workers'] as const;
const LIVE_TEXT = { connecting: 'Connecting', live: 'Live', offline: 'Offline, retrying' } as const;
const NEXT_THEME: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
const THEME_ICON: Record<Theme, IconName> = { auto: 'auto', light: 'sun', dark: 'moon' };

/** Navigation around a page. */
export function Shell({ children }: { children: ComponentChildren }) {
  const here = route.value.segments[0] ?? 'overview';
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <aside class="side">
        <div class="brand">
          <span class="brand-mark" aria-hidden="true" />
          Scheduler
        </div>
        <nav aria-label="Pages">
          {PAGES.map((page) => (
            <a key={page} href={href(page)} aria-current={page === here ? 'page' : undefined}>
              <Icon name={page} />
              {page[0]?.toUpperCase() + page.slice(1)}
            </a>
          ))}
        </nav>
        <footer class="side-foot">
          <div class="live" data-live={liveState.value} role="status">
            {LIVE_TEXT[liveState.value]}
          </div>
          <ThemeSwitch />
          <div class="who">
            <span title={me.value?.name}>{me.value?.name}</span>
            <span class="muted">{me.value?.role}</span>
          </div>
          <button type="button" class="button button-quiet" onClick={() => signOut()}>
            <Icon name="out" />
            Sign out
          </button>
        </footer>
      </aside>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

export function ThemeSwitch() {
  return (
    <button
      type="button"
      class="button button-quiet"
      aria-label={`Theme: ${theme.value}. Switch to ${NEXT_THEME[theme.value]}`}
      onClick={() => (theme.value = NEXT_THEME[theme.value])}
    >
      <Icon name={THEME_ICON[theme.value]} />
      Theme: {theme.value}
    </button>
  );
}

/** The hash is the router's, so that the link moves the focus by hand. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
