// Builds the npm package into dist/: the wasm, the scripts for browsers and Node, the command, the types.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build as bundle } from 'esbuild';
import { carry } from './carry.mjs';
import { build as cmake, root } from './cmake.mjs';

const dist = path.join(root, 'dist');
const lib = (name) => path.join(root, 'web/lib', name);
const wasm = path.join(dist, 'fewbits.wasm');

/** Emscripten's glue knows how to fetch its wasm; the package hands the instance over, so that goes, and bundlers see no URL. */
function withoutFetch(glue) {
  const cuts = [
    [/\w+\?\?=\w+\.locateFile\?[\s\S]*?return\s*\{\}/, 'return{}'], // the way without instantiateWasm
    [/if\(\w+\|\|\w+\)\w+\?\w+=self\.location\.href[\s\S]*?(?=var \w+=console\.error)/, ''], // where the script is
    [/function \w+\(\w\)\{return \w+\(\w\)\.then\(\w=>new Uint8Array[\s\S]*?(?=var \w+=\w=>\{\w\.forEach)/, ''], // fetch, compile
    [/import\.meta\.url/, '""'],
  ];
  return cuts.reduce((text, [pattern, rest]) => {
    if (!pattern.test(text)) console.warn(`fewbits: this emcc's glue differs from 3.1.69's: ${pattern} stays in.`);
    return text.replace(pattern, rest);
  }, glue);
}

const glueWithoutFetch = {
  name: 'glue-without-fetch',
  setup(context) {
    context.onLoad({ filter: /build\/module\/fewbits\.mjs$/ }, ({ path: file }) => ({
      contents: withoutFetch(readFileSync(file, 'utf8')),
    }));
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

/** fewbits/files takes the core, and its errors, from fewbits: one instance, one class, nothing bundled twice. */
const coreOutside = {
  name: 'core-outside',
  setup(context) {
    context.onResolve({ filter: /(^|\/)(index(\.node)?|errors)\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: 'fewbits', external: true },
    );
  },
};

const licences = `/*! fewbits, MIT. Contains Emscripten's runtime (MIT). See LICENSE and NOTICE. */`;

/** commander is CommonJS: its require of Node's modules needs a require. */
const cliBanner = `#!/usr/bin/env node
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

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
    plugins: [glueWithoutFetch, ...(options.plugins ?? [lightened])],
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
    path.join(dist, 'worker.d.ts'),
    '// A script to start a worker with; it exports nothing.\nexport {};\n',
  );
  writeFileSync(
    path.join(dist, 'fewbits.wasm.d.ts'),
    '/** The address of the wasm file, as bundlers give it for an asset. */\ndeclare const url: string;\nexport default url;\n',
  );
}

cmake('module');
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const { plugin: lightened, section } = await carry(path.join(root, 'web/lib'));
writeFileSync(wasm, Buffer.concat([readFileSync(path.join(root, 'build/module/fewbits.wasm')), section]));
const node = { platform: 'node', target: 'node20' };
await Promise.all([
  script('index.ts', 'index.js'),
  script('index.node.ts', 'index.node.js', node),
  script('worker.ts', 'worker.js'),
  script('worker.node.ts', 'worker.node.js', node),
  script('files.ts', 'files.js', { plugins: [coreOutside] }),
  script('files.node.ts', 'files.node.js', { ...node, plugins: [coreOutside] }),
  // The command uses the package as anyone does.
  script('../cli/main.ts', 'cli.js', {
    ...node,
    minify: false,
    banner: { js: cliBanner },
    plugins: [],
    external: ['fewbits'],
  }),
]);
await Promise.all([
  script('inline.ts', 'inline.js', { plugins: [lightened, inlined('worker.js')] }),
  script('inline.node.ts', 'inline.node.js', { ...node, plugins: [lightened, inlined('worker.node.js')] }),
]);
types();
