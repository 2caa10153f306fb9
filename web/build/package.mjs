// Builds the npm package into dist/: the wasm, the scripts for browsers and Node, the command, the types.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build as bundle } from 'esbuild';
import { build as cmake, root } from './cmake.mjs';

const dist = path.join(root, 'dist');
const lib = (name) => path.join(root, 'web/lib', name);
const wasm = path.join(root, 'build/wasm/module/fewbits.wasm');

/** Emscripten's glue names its own copy of the wasm; the package hands the instance over, so that bundlers need not see it. */
const glueWithoutFile = {
  name: 'glue-without-file',
  setup(context) {
    context.onLoad({ filter: /build\/wasm\/module\/fewbits\.mjs$/ }, ({ path: file }) => {
      const text = readFileSync(file, 'utf8');
      const contents = text
        .replace(/new URL\("fewbits\.wasm",\s*import\.meta\.url\)\.href/, '""')
        .replaceAll('import.meta.url', '""');
      if (contents.includes('fewbits.wasm",'))
        throw new Error('the glue names fewbits.wasm in a way that this build does not know');
      return { contents };
    });
  },
};

/** 'fewbits:wasm' and 'fewbits:worker': what the inline entries carry inside. */
const inlined = (worker) => ({
  name: 'inlined',
  setup(context) {
    context.onResolve({ filter: /^fewbits:/ }, ({ path: name }) => ({ path: name, namespace: 'inlined' }));
    context.onLoad({ filter: /wasm$/, namespace: 'inlined' }, () => ({
      contents: readFileSync(wasm),
      loader: 'base64',
    }));
    context.onLoad({ filter: /worker$/, namespace: 'inlined' }, () => ({
      contents: readFileSync(path.join(dist, worker)),
      loader: 'text',
    }));
  },
});

const licences = `/*! fewbits, MIT. Contains comlink (Apache-2.0, Google LLC) and Emscripten's runtime (MIT). See LICENSE and NOTICE. */`;

async function script(entry, output, options = {}) {
  await bundle({
    entryPoints: [lib(entry)],
    outfile: path.join(dist, output),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    banner: { js: licences },
    logLevel: 'warning',
    ...options,
    plugins: [glueWithoutFile, ...(options.plugins ?? [])],
  });
}

function types() {
  const args = ['--project', 'web/lib/tsconfig.types.json', '--outDir', path.join(dist, 'types')];
  execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  for (const name of readdirSync(path.join(dist, 'types'), { recursive: true }).filter((file) =>
    file.endsWith('.d.ts'),
  )) {
    const file = path.join(dist, 'types', name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/(from '\.{1,2}\/[^']+)\.ts'/g, "$1.js'"));
  }
  writeFileSync(
    path.join(dist, 'fewbits.wasm.d.ts'),
    '/** The address of the wasm file, as bundlers give it for an asset. */\ndeclare const url: string;\nexport default url;\n',
  );
}

cmake('wasm', ['fewbits_module']);
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
copyFileSync(wasm, path.join(dist, 'fewbits.wasm'));
const node = { platform: 'node', target: 'node20' };
await Promise.all([
  script('index.ts', 'index.js'),
  script('index.node.ts', 'index.node.js', node),
  script('worker.ts', 'worker.js'),
  script('worker.node.ts', 'worker.node.js', node),
  script('../cli/main.ts', 'cli.js', { ...node, minify: false, banner: { js: '#!/usr/bin/env node' } }),
]);
await Promise.all([
  script('inline.ts', 'inline.js', { plugins: [inlined('worker.js')] }),
  script('inline.node.ts', 'inline.node.js', { ...node, plugins: [inlined('worker.node.js')] }),
]);
types();
