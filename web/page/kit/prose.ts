// Buttons in the article, and files and texts dropped or pasted anywhere.
//   <button data-open="data">            opens the dialog
//   <button data-use="outliers">         switches the whole page; the bar offers the way back
import { readAddress } from './address.ts';
import { useSource } from './page.ts';

export function listenToProse(openData: (given?: File | string) => void): void {
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-open], [data-use]');
    if (!button) return;
    if (button.dataset['open'] === 'data') openData();
    const wanted = button.dataset['use'];
    if (wanted) void useSource(readAddress(`?data=${wanted}`).source, { offerBack: true });
  });
  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    if (event.defaultPrevented) return;
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    openData(file);
  });
}
