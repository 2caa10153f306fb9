// Runs before the first paint: the reader's stored choice; in an embedded figure ?theme=, else the system's.
{
  const query = new URLSearchParams(location.search);
  let theme = query.get('theme');
  try {
    if (!query.has('figure')) theme ??= localStorage.getItem('fewbits-theme');
  } catch {}
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
}
