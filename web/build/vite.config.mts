import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { licences } from './licences.mts';
import { mathFromTex } from './math.mts';
import { prerendered } from './prerendered.mts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** package.json says, of the library, that imports for their effects alone can go. Here they carry the styles. */
const stylesStay: Plugin = {
  name: 'styles-stay',
  enforce: 'pre',
  transform: (code, id) => (/\.css$|styles\.ts$/.test(id) ? { code, map: null, moduleSideEffects: true } : undefined),
};

/** The page has a worker of its own and starts no pool: the package's worker need not be shipped. */
const withoutPool: Plugin = {
  name: 'without-pool',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/dist/index.js')) return undefined;
    return { code: code.replace(/new URL\("\.\/worker\.js",\s*import\.meta\.url\)/, 'undefined'), map: null };
  },
};

/** Small modules that several figures need travel as one: each file alone compresses worse. */
const together = (name: string, test: RegExp) => ({
  codeSplitting: { groups: [{ name, test }], includeDependenciesRecursively: false },
});

export default defineConfig({
  root: path.join(root, 'web/page'),
  // Relative addresses: the built page works from any folder of any static host.
  base: './',
  publicDir: 'public',
  // Not beside the tests' and the package's: two builds at once must not share it.
  cacheDir: path.join(root, 'node_modules/.vite-page'),
  plugins: [stylesStay, mathFromTex(), prerendered(), licences()],
  resolve: {
    alias: {
      fewbits: path.join(root, 'dist/index.js'),
      // Our scales map numbers to numbers: colours, dates and texts would be a tenth of the page's scripts.
      'd3-interpolate': path.join(root, 'web/page/kit/interpolate.ts'),
    },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: {
    format: 'es',
    plugins: () => [withoutPool],
    rolldownOptions: { output: together('models', /sections\/[^/]+\/(?!figure)|kit\/(lanes|data\/write)/) },
  },
  build: {
    outDir: path.join(root, 'site'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      output: together(
        'drawing',
        /d3-|internmap|kit\/(lanes\/\w+\.ts|scale|step|interpolate|formula|controls\/(choice|combobox|slider|field))/,
      ),
      input: ['index.html', 'embed.html'].map((name) => path.join(root, 'web/page', name)),
    },
  },
  optimizeDeps: {
    noDiscovery: true,
    include: [
      'preact',
      'preact/hooks',
      'preact/jsx-runtime',
      'preact/jsx-dev-runtime',
      'comlink',
      'd3-scale',
      'd3-array',
      'papaparse',
    ],
  },
  server: { host: '127.0.0.1' },
});
