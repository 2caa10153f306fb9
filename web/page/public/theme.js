// Runs before the first paint: an embedded page's ?theme=, else the reader's stored choice.
{
  let theme = new URLSearchParams(location.search).get('theme');
  try {
    theme ??= localStorage.getItem('fewbits-theme');
  } catch {}
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
}
