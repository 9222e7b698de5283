import { effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'scheduler-console.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(dark.matches);

export const theme = signal<Theme>(stored());

dark.addEventListener('change', () => {
  systemIsDark.value = dark.matches;
});
effect(() => {
  if (theme.value === 'auto') {
    document.documentElement.removeAttribute('data-theme');
    localStorage.removeItem(KEY);
  } else {
    document.documentElement.setAttribute('data-theme', theme.value);
    localStorage.setItem(KEY, theme.value);
  }
});

export function isDark(): boolean {
  return theme.value === 'auto' ? systemIsDark.value : theme.value === 'dark';
}

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'auto';
}
