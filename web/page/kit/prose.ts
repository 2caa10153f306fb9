// Buttons in the article, and files and texts dropped or pasted anywhere.
//   <button data-open="data">            opens the dialog
//   <button data-do="copy-link">         what the bar's buttons do, for narrow screens
//   <button data-use="outliers">         switches the whole page; the bar offers the way back
//   <button data-set="why.type=4">       sets options of a figure
import { readAddress } from './address.ts';
import { copyLink } from './link.ts';
import { isModel, openAsModel } from './models.ts';
import { useSource } from './page.ts';
import { turnTheme } from './theme.ts';

/** What a button in a chapter's words changed must not happen out of sight. */
function show(chapter: HTMLElement | null): void {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  chapter?.querySelector('figure')?.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
}

export function listenToProse(openData: (given?: File | string) => void): void {
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-open], [data-use], [data-set], [data-do]');
    if (!button) return;
    if (button.dataset['open'] === 'data') openData();
    if (button.dataset['do'] === 'copy-link') void copyLink();
    if (button.dataset['do'] === 'turn-theme') turnTheme();
    const wanted = button.dataset['use'];
    if (wanted) void useSource(readAddress(`?data=${wanted}`).source, { offerBack: true });
    for (const [key, value] of new URLSearchParams(button.dataset['set'])) {
      const [name, option] = key.split('.');
      document.querySelector(`fewbits-${name}`)!.setAttribute(option!, value);
    }
    if (wanted || button.dataset['set']) show(button.closest('section'));
  });
  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    if (event.defaultPrevented) return;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    // Several that belong together are a model too.
    void isModel(files[0]!).then((model) => (model || files.length > 1 ? openAsModel(files) : openData(files[0])));
  });
}
