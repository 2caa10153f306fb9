// The page's one polite status line. It speaks 500 ms after the last change, so that a drag says only its end.
let timer: ReturnType<typeof setTimeout> | undefined;

export function announceLater(text: string): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const line = document.getElementById('status');
    if (line && line.textContent !== text) line.textContent = text;
  }, 500);
}
