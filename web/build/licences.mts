// The page carries the licences of what it ships: one text file beside it.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const page = new URL('../page/', import.meta.url);

const PARTS: readonly [title: string, file: string][] = [
  ['Source Serif 4', 'fonts/OFL-source-serif-4.txt'],
  ['Inter', 'fonts/OFL-inter.txt'],
  ['JetBrains Mono', 'fonts/OFL-jetbrains-mono.txt'],
  ['ESRGAN-slim, the example weights', 'data/LICENSE'],
];

async function allLicences(): Promise<string> {
  const texts = PARTS.map(async ([title, file]) => {
    const text = await readFile(fileURLToPath(new URL(file, page)), 'utf8');
    return `${title}\n${'='.repeat(title.length)}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join('\n\n');
}

export function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: await allLicences() });
    },
  };
}
