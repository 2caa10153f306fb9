// Who may know whom: the rules of cpp/README.md, read off includes and imports.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { blockFormatRows, numberFormatRows } from '../../web/lib/formats.generated.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && existsSync(path.join(root, file)));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const below = (pattern: RegExp) => {
  const found = tracked.filter((file) => pattern.test(file));
  assert.ok(found.length > 0, `no file matches ${pattern}: the rule guards nothing`);
  return found;
};
const includes = (file: string) =>
  [...read(file).matchAll(/^\s*#include\s+["<]([^">]+)[">]/gm)].map((match) => match[1]!);
const imports = (file: string) =>
  [...read(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) =>
    match[1]!.startsWith('.') ? path.posix.join(path.posix.dirname(file), match[1]!) : match[1]!,
  );

/** Fails for every file and dependency that the rule forbids. */
function forbid(
  files: string[],
  dependencies: (file: string) => string[],
  forbidden: (dependency: string, file: string) => boolean,
): void {
  const broken = files.flatMap((file) =>
    dependencies(file)
      .filter((name) => forbidden(name, file))
      .map((name) => `${file} -> ${name}`),
  );
  assert.deepEqual(broken, []);
}

const cppCore = /^cpp\/(include|src)\/.*\.(h|c)pp$/;
const typescript = (folder: string) => new RegExp(`^web/${folder}/.*\\.(m?ts|tsx)$`);

test('the core knows neither Emscripten nor JavaScript', () => {
  forbid(below(cppCore), includes, (name) => /emscripten/.test(name));
  for (const file of below(cppCore)) assert.doesNotMatch(read(file), /__EMSCRIPTEN__|EM_JS|EM_ASM/, file);
});

test('one header includes the SIMD intrinsics', () => {
  forbid(below(cppCore), includes, (name, file) => /wasm_simd128|simde/.test(name) && file !== 'cpp/src/simd.hpp');
});

test("no kernel knows a format's name", () => {
  const names = [...numberFormatRows, ...blockFormatRows].map(([name]) => `"${name}"`);
  for (const file of below(/^cpp\/src\/numbers\//))
    for (const name of names) assert.ok(!read(file).includes(name), `${file} names ${name}`);
});

test('kernels of numbers are instantiated in codec.cpp alone', () => {
  forbid(
    below(/^cpp\/src\/[^/]+\.(h|c)pp$/),
    includes,
    (name, file) => /^numbers\//.test(name) && file !== 'cpp/src/codec.cpp',
  );
});

test('the reference shares no code with a kernel, and only tests use it', () => {
  forbid(below(/^cpp\/reference\//), includes, (name) => /simd|^numbers\/|^blocks\/|wasm_/.test(name));
  forbid(below(/^cpp\/reference\//), includes, (name) => /^fewbits\/codec\.hpp$/.test(name));
  forbid(below(/^cpp\/(include|src|bindings|tables)\//), includes, (name) => /reference/.test(name));
});

test('lower layers of the core do not include higher ones', () => {
  forbid(below(/^cpp\/include\/fewbits\/(number_format|status)\.hpp$/), includes, (name) =>
    /^fewbits\/(codec|affine|calibrate|metrics|memory|block)/.test(name),
  );
  forbid(below(/^cpp\/(include\/fewbits|src)\/(affine|calibrate|metrics|memory)\.(h|c)pp$/), includes, (name) =>
    /codec\.hpp|blocks\//.test(name),
  );
});

test('bindings pass pointers and counts: no value, vector or class crosses per element', () => {
  assert.doesNotMatch(
    read('cpp/bindings/bindings.cpp'),
    /emscripten::val|register_vector|class_<|typed_memory_view|std::string/,
  );
});

test('heap.ts alone holds a view of the wasm memory', () => {
  for (const file of below(/^web\/.*\.(m?ts|tsx)$/).filter((name) => name !== 'web/lib/heap.ts'))
    assert.doesNotMatch(read(file), /memory\.buffer|HEAP[FU]?\d+/, file);
});

test('the library knows neither the command nor the page, and they know only its face', () => {
  forbid(below(typescript('lib')), imports, (name) => /^web\/(cli|page|build)/.test(name));
  forbid(below(typescript('cli')), imports, (name) => /^web\/page/.test(name));
  forbid(below(typescript('page')), imports, (name) => /^web\/lib\/(heap|core|pool|worker|protocol|values)/.test(name));
});

test('a container does no arithmetic and owns no second table of types', () => {
  forbid(below(typescript('lib/containers')), imports, (name) =>
    /^web\/lib\/((heap|core|fewbits|numbers|affine|blocks|measures)\.ts|files\/)/.test(name),
  );
});

test('no section of the page imports another', () => {
  const section = (file: string) => /^web\/page\/sections\/([^/]+)\//.exec(file)?.[1];
  forbid(below(/^web\/page\/sections\/.*\.(ts|tsx)$/), imports, (name, file) => {
    const other = section(name);
    return other !== undefined && other !== section(file);
  });
});

test('the top of the tree holds what belongs there', () => {
  const allowed = new Set([
    'cpp',
    'web',
    'tests',
    'CMakeLists.txt',
    'package.json',
    'README.md',
    'LICENSE',
    'NOTICE',
    'CHANGELOG.md',
  ]);
  const tools = new Set(['package-lock.json', 'tsconfig.json', 'biome.json', 'CMakePresets.json']);
  const top = new Set(tracked.map((file) => file.split('/')[0]!));
  assert.deepEqual(
    [...top].filter((name) => !allowed.has(name) && !tools.has(name) && !name.startsWith('.')),
    [],
  );
});
