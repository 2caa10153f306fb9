// embed.js, the script for other pages: not a module and without a hash, so that it needs no leave of the server's and
// its address stays.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'vite';

const page = fileURLToPath(new URL('../page/', import.meta.url));

async function script(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [`${page}elements.ts`],
    define: { FIGURES: JSON.stringify(readdirSync(`${page}sections`).join(' ')) },
    format: 'iife',
    bundle: true,
    minify: true,
    write: false,
    target: 'es2022',
  });
  return outputFiles[0]!.contents;
}

export function elements(): Plugin {
  return {
    name: 'elements',
    configureServer({ middlewares }) {
      middlewares.use('/embed.js', async (_request, response) => {
        response.setHeader('content-type', 'text/javascript').end(await script());
      });
    },
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'embed.js', source: await script() });
    },
  };
}
