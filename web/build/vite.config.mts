import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { chunkOf, WORKERS } from './chunks.mts';
import { elements } from './elements.mts';
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

/** Who starts a pool names the worker's script: the package's own address for it would ship it once more. */
const namedPool: Plugin = {
  name: 'named-pool',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/dist/index.js')) return undefined;
    return { code: code.replace(/new URL\("\.\/worker\.js",\s*import\.meta\.url\)/, 'undefined'), map: null };
  },
};

/** Nothing is preloaded and no styles come late: an import is an import. */
const plainImports: Plugin = {
  name: 'plain-imports',
  apply: 'build',
  enforce: 'pre',
  load: (id) => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : undefined),
};

/** Workers are further entries of the page's own graph: what they share is shipped once, and each takes only its own. */
const workersShare: Plugin = {
  name: 'workers-share',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    const found = WORKERS.find(({ script }) => id === path.join(path.dirname(script), 'client.ts'));
    if (!found) return undefined;
    const worker = this.emitFile({ type: 'chunk', id: found.script, name: found.name });
    const address = "new URL('./worker.ts', import.meta.url)";
    if (!code.includes(address)) this.error(`${id} does not start the worker by ${address}.`);
    return { code: code.replace(address, `import.meta.ROLLUP_FILE_URL_${worker}`), map: null };
  },
};

export default defineConfig({
  root: path.join(root, 'web/page'),
  // Relative addresses: the built page works from any folder of any static host.
  base: './',
  publicDir: 'public',
  // Not beside the tests' and the package's: two builds at once must not share it.
  cacheDir: path.join(root, 'node_modules/.vite-page'),
  plugins: [workersShare, plainImports, namedPool, stylesStay, mathFromTex(), prerendered(), licences(), elements()],
  resolve: {
    alias: {
      'fewbits/files': path.join(root, 'dist/files.js'),
      fewbits: path.join(root, 'dist/index.js'),
    },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: path.join(root, 'site'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    // The document names what it needs at once; all else is fetched when it is asked for.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_file, files, { hostType }) => (hostType === 'html' ? files : []),
    },
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      // d3-array calls these as it loads, for what the page does not use.
      treeshake: { manualPureFunctions: ['bisector', 'Blur2', 'shuffler'], propertyReadSideEffects: false },
      output: {
        // The package's worker.js, beside the page's own.
        assetFileNames: ({ names }) => `assets/${names[0] === 'worker.js' ? 'pool' : '[name]'}-[hash][extname]`,
        codeSplitting: {
          groups: [{ name: chunkOf, test: /\.[cm]?[jt]sx?(\?|$)|\.tex$|\.json$|\.bin\?url$|^\0/ }],
          includeDependenciesRecursively: false,
        },
      },
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
      'd3-array',
      'd3-dsv',
    ],
  },
  server: { host: '127.0.0.1' },
});
