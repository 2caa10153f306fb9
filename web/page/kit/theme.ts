// Light, dark, or as the system has it. public/theme.js sets the stored choice before the first paint.
export type Theme = 'auto' | 'light' | 'dark';

export const THEME_NAMES = { auto: 'as the system', light: 'light', dark: 'dark' } as const;
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];
const KEY = 'fewbits-theme';

const nextTheme = (theme: Theme): Theme => ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length]!;

export function storedTheme(): Theme {
  const set = document.documentElement.dataset['theme'];
  return set === 'light' || set === 'dark' ? set : 'auto';
}

function setTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    if (theme === 'auto') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice holds for this visit.
  }
}

/** From automatic to light to dark. */
export function turnTheme(): Theme {
  const next = nextTheme(storedTheme());
  setTheme(next);
  return next;
}
