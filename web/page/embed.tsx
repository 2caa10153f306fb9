import './styles.ts';
import type { FigureModule } from './kit/contract.ts';
import { builtDataset, defineFigures } from './kit/element.tsx';
import { openPage } from './kit/opening.ts';

openPage(builtDataset());

const figures = import.meta.glob<FigureModule>('./sections/*/figure.tsx');
const name = new URLSearchParams(location.search).get('figure') ?? '';
const place = document.getElementById('figure')!;

if (`./sections/${name}/figure.tsx` in figures) {
  defineFigures(figures);
  place.append(document.createElement(`fewbits-${name}`));
  const back = document.querySelector<HTMLAnchorElement>('a[data-back]')!;
  back.href = `./#${name}`;
} else {
  const names = Object.keys(figures).map((path) => path.split('/').at(-2));
  place.textContent = `There is no figure “${name}”. There are: ${names.join(', ')}.`;
}

/** The page around this one sets the frame's height. */
new ResizeObserver(() => {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  parent.postMessage({ fewbits: name, height }, '*');
}).observe(document.documentElement);
