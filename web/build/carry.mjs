// Moves what is said to people out of the package's scripts into a custom section of the wasm, where it costs a script
// nothing until it runs: a bundle of `init` and `createPool` stays small. carried.ts is the other end.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** A literal is a sentence, and is carried, from this many characters on. */
const SENTENCE = 24;
/** What runs before the wasm is there keeps its sentences. */
const early = /^(carried|core|entry|index|inline|worker|heap|errors|protocol|types|ambient)\b/;

/** The static parts of a literal, or nothing where it is none. */
function partsOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (ts.isTemplateExpression(node)) return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)];
}

const inert = (node) =>
  ts.isLiteralTypeNode(node) ||
  ts.isImportDeclaration(node) ||
  ts.isExportDeclaration(node) ||
  ts.isPropertyAssignment(node);

/** Replaces the sentences inside the functions of a file by calls of `sentence`, adding them to `texts`. */
function carrySentences(name, source, texts) {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const code = (node, inside) => {
    const parts = inside && !inert(node.parent) ? partsOf(node) : undefined;
    if (parts && parts.join('').length >= SENTENCE) {
      const values = ts.isTemplateExpression(node) ? node.templateSpans.map((span) => code(span.expression, true)) : [];
      return `sentence(${[texts.push(parts) - 1, ...values].join(', ')})`;
    }
    let result = '';
    let from = node.getFullStart();
    node.forEachChild((child) => {
      result += source.slice(from, child.getStart(file)) + code(child, inside || ts.isFunctionLike(node)).trimStart();
      from = child.getEnd();
    });
    return result + source.slice(from, node.getEnd());
  };
  const before = texts.length;
  const carried = code(file, false);
  return texts.length > before ? `import { sentence } from './carried.ts';\n${carried}` : carried;
}

/** Reads web/lib; gives an esbuild plugin that serves the lightened modules, and the section for the wasm. */
export function carry(folder, wasm) {
  const texts = [];
  const modules = new Map();
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort()) {
    const file = path.join(folder, name);
    if (!early.test(name)) modules.set(file, carrySentences(name, readFileSync(file, 'utf8'), texts));
  }
  modules.set(path.join(folder, 'carried.ts'), readFileSync(path.join(folder, 'carried.package.ts'), 'utf8'));
  const key = createHash('sha256').update(wasm).update(JSON.stringify(texts)).digest('hex').slice(0, 12);
  const plugin = {
    name: 'carry',
    setup(context) {
      context.initialOptions.define = { ...context.initialOptions.define, CARRIED_KEY: JSON.stringify(key) };
      context.onLoad({ filter: /\.ts$/ }, ({ path: file }) =>
        modules.has(file) ? { contents: modules.get(file), loader: 'ts' } : undefined,
      );
    },
  };
  return { plugin, section: customSection('fewbits', Buffer.from(JSON.stringify({ key, texts }))) };
}

/** An unsigned number as WebAssembly writes it (LEB128). */
function leb128(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value);
  return Buffer.from(bytes);
}

function customSection(name, contents) {
  const label = Buffer.from(name);
  const payload = Buffer.concat([leb128(label.length), label, contents]);
  return Buffer.concat([Buffer.from([0]), leb128(payload.length), payload]);
}
