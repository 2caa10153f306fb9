// The page carries the licences of what it ships: one text file beside it.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const page = new URL('../page/', import.meta.url);
const packages = new URL('../../node_modules/', import.meta.url);

const PARTS: readonly [title: string, file: string][] = [
  ['Source Serif 4', 'fonts/OFL-source-serif-4.txt'],
  ['Inter', 'fonts/OFL-inter.txt'],
  ['JetBrains Mono', 'fonts/OFL-jetbrains-mono.txt'],
  ['ESRGAN-slim, the example weights', 'data/LICENSE'],
];

const LIBRARIES = ['preact', 'comlink', 'd3-array', 'd3-dsv'];

async function allLicences(): Promise<string> {
  const parts = [
    ...PARTS.map(([title, file]) => [title, new URL(file, page)] as const),
    ...LIBRARIES.map((name) => [name, new URL(`${name}/LICENSE`, packages)] as const),
  ];
  const texts = parts.map(async ([title, file]) => {
    const text = await readFile(fileURLToPath(file), 'utf8');
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
