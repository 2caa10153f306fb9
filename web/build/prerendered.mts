// Fills index.html in: the rail from its chapters, the bar and every figure as they are at first.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import type { Snapshots } from '../page/kit/prerender.tsx';
import { policy } from './policy.mjs';

const page = fileURLToPath(new URL('../page/', import.meta.url));
const root = path.join(page, '../..');

async function snapshotsFrom(server: ViteDevServer): Promise<Snapshots> {
  const { snapshots } = await server.ssrLoadModule('/kit/prerender.tsx');
  const wasm = await readFile(path.join(root, 'dist/fewbits.wasm'));
  const weights = await readFile(path.join(page, 'data/esrgan-slim-x2.bin'));
  return snapshots(wasm, weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength));
}

/** Sections are read by a development server's module loader, which knows TSX, .tex and globs. */
async function snapshotsForBuild(configFile: string): Promise<Snapshots> {
  const server = await createServer({
    configFile,
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true, include: [] },
    appType: 'custom',
    logLevel: 'error',
  });
  try {
    return await snapshotsFrom(server);
  } finally {
    await server.close();
  }
}

interface Chapter {
  id: string;
  number: string;
  title: string;
}

export function chaptersOf(html: string): Chapter[] {
  const sections = html.matchAll(/<section id="([^"]+)" data-chapter="(\d+)">\s*<h2>(.*?)<\/h2>/gs);
  return [...sections].map(([, id, number, title]) => ({ id: id!, number: number!, title: title! }));
}

/** What the narrow bar has no room for. */
const RAIL_ACTIONS = `<p class="rail-actions"><button type="button" class="ghost" data-do="copy-link">Copy link</button><button type="button" class="ghost" data-do="turn-theme">Change theme</button></p>`;

function rail(chapters: readonly Chapter[]): string {
  const items = chapters.map(({ id, number, title }) => `<li><a href="#${id}"><span>${number}</span>${title}</a></li>`);
  const top = `<li><a href="#top" aria-current="true"><span></span>Top</a></li>`;
  return `<ol>${top}${items.join('')}</ol>${RAIL_ACTIONS}`;
}

/** Puts `content` into the element that the pattern finds empty. */
function fill(html: string, element: RegExp, content: (match: RegExpMatchArray) => string): string {
  return html.replace(element, (...match) => {
    const groups = match.slice(0, -2) as unknown as RegExpMatchArray;
    return `${groups[1]}${content(groups)}${groups.at(-1)}`;
  });
}

function filled(html: string, { bar, dataset, figure }: Snapshots): string {
  const data = `<script type="application/json" id="built-dataset">${dataset}</script>\n</body>`;
  let result = fill(html, /(<header id="bar"[^>]*>)(<\/header>)/, () => bar);
  result = fill(result, /(<nav class="rail"[^>]*>)(<\/nav>)/, () => rail(chaptersOf(html)));
  let first = true;
  result = fill(result, /(<fewbits-([a-z-]+)[^>]*>)(<\/fewbits-\2>)/g, ([, , name]) => {
    const { html, view } = figure(name!);
    // The figure in sight at once must not wait for the worker; the others ask it when they come near.
    const script = first ? `<script type="application/json">${view}</script>` : '';
    first = false;
    return script + html;
  });
  return result.replace('</body>', () => data);
}

/** The styles come first: fonts and scripts share the line with them. A script that blocks comes last. */
function ordered(html: string): string {
  const taken = (tag: RegExp) => {
    const [found = ''] = tag.exec(html) ?? [];
    html = html.replace(found, '');
    return found.trim();
  };
  const styles = taken(/<link rel="stylesheet"[^>]*>\n?/);
  const theme = taken(/<script[^>]*theme\.js"[^>]*><\/script>\n?/);
  return html.replace(/<title>/, `${styles}\n$&`).replace('</head>', `${theme}\n$&`);
}

export function prerendered(): Plugin {
  let building = false;
  let configFile = '';
  let built: Promise<Snapshots> | undefined;
  return {
    name: 'prerendered',
    configResolved(config) {
      building = config.command === 'build';
      configFile = config.configFile ?? '';
    },
    transformIndexHtml: {
      order: 'post',
      async handler(html, { server }) {
        built = server ? snapshotsFrom(server) : (built ?? snapshotsForBuild(configFile));
        const result = filled(html, await built);
        if (!building) return result;
        const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
        return ordered(result).replace('<meta charset="utf-8">', `$&\n${meta}`);
      },
    },
  };
}
