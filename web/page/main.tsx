import './styles.ts';
import { hydrate, render } from 'preact';
import { Bar } from './kit/bar.tsx';
import { followChapters } from './kit/chapters.ts';
import { builtDataset, defineFigures } from './kit/element.tsx';
import { figures } from './kit/figures.ts';
import { followState } from './kit/link.ts';
import { openPage } from './kit/opening.ts';
import { onPageState, pageState } from './kit/page.ts';
import { listenToProse } from './kit/prose.ts';

openPage(builtDataset());

const bar = document.getElementById('bar')!;
const drawBar = () => <Bar state={pageState()} openData={() => openData()} />;
hydrate(drawBar(), bar);
onPageState(() => render(drawBar(), bar));

/** Dialogs load when they are first asked for. */
async function openData(file?: File | string): Promise<void> {
  const { showDataDialog } = await import('./kit/data/dialog.tsx');
  showDataDialog(file);
}

async function openEmbed(section: string): Promise<void> {
  const { showEmbedDialog } = await import('./kit/embed-dialog.tsx');
  showEmbedDialog(section);
}

defineFigures(figures, openEmbed);
followChapters();
followState();
listenToProse(openData);
