// formulas.tex to MathML, while the page is built. A file has formulas separated by empty lines:
//   name: LaTeX, with \role{scale}{s} for a coloured symbol and \slot{scale}{step} for a number that comes later;
// `\\` ends a piece: pieces are <math> elements of their own, since MathML does not break lines.
import temml from 'temml';
import type { Plugin } from 'vite';
import type { MathRow, MathNode as Shipped } from '../page/kit/formula.tsx';

const MACROS = { '\\role': '\\class{r-#1}{#2}', '\\slot': '\\class{slot-#2 r-#1}{\\mathrm{0}}' };

interface Element {
  tag: string;
  attributes: Record<string, string>;
  /** The number that replaces the content. */
  slot?: string;
  children: MathNode[];
}
type MathNode = string | Element;

export function parseFormulas(text: string): Record<string, MathRow> {
  const formulas = text
    .split(/\n\s*\n/)
    .map((block) => block.replace(/^%.*$/gm, '').trim())
    .filter(Boolean);
  return Object.fromEntries(
    formulas.map((formula) => {
      const [, name, latex] = /^([a-zA-Z]\w*):\s*(.*)$/s.exec(formula) ?? [];
      if (!name) throw new Error(`A formula begins with its name and a colon: ${formula}`);
      return [name, latex!.split('\\\\').map((piece) => mathOf(piece.trim()).map(shipped))];
    }),
  );
}

/** As short as can be: formulas are a good part of the page's scripts. */
function shipped(node: MathNode): Shipped {
  if (typeof node === 'string') return node;
  const { tag, attributes, slot, children } = node;
  if (slot !== undefined) return { slot, ...attributes };
  const content = children.map(shipped);
  const own = attributes['fence'] ? fenced(attributes) : attributes;
  return Object.keys(own).length ? [tag, own, ...content] : [tag, ...content];
}

/** A parenthesis at the end of its row is all that by itself. */
function fenced({ fence, form, stretchy, ...rest }: Record<string, string>): Record<string, string> {
  return stretchy === 'false' ? { ...rest, stretchy } : rest;
}

/** What stands in the <math> of a piece. */
function mathOf(latex: string): MathNode[] {
  const markup = temml.renderToString(latex, { macros: { ...MACROS }, trust: true, throwOnError: true });
  const [math] = readMarkup(markup);
  return (math as Element).children;
}

/** temml's markup is regular: tags, quoted attributes, text. */
function readMarkup(markup: string): MathNode[] {
  const stack: MathNode[][] = [[]];
  const open: { tag: string; attributes: Record<string, string> }[] = [];
  for (const [, closing, tag, attributes, selfClosed, text] of markup.matchAll(
    /<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g,
  )) {
    if (text !== undefined) stack.at(-1)!.push(decode(text));
    else if (closing) {
      const children = stack.pop()!;
      stack.at(-1)!.push(simplified({ ...open.pop()!, children }));
    } else if (selfClosed) stack.at(-1)!.push({ tag: tag!, attributes: attributesOf(attributes!), children: [] });
    else {
      open.push({ tag: tag!, attributes: attributesOf(attributes!) });
      stack.push([]);
    }
  }
  return stack[0]!;
}

/** No style attributes: the page's policy forbids them. */
function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, decode(value!)] as const);
  return Object.fromEntries(pairs.filter(([name]) => name !== 'style' && name !== 'xmlns'));
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };

const decode = (text: string) => text.replace(/&(lt|gt|amp|quot);/g, (_, name) => ENTITIES[name]!);

/** Signs that the page's fonts lack, and what they have instead. */
const SIGNS: Record<string, string> = { ˆ: '^', '˙': '·' };

/** The sign between a function's name and its argument: no font needs to have it. */
const isInvisible = (node: MathNode) =>
  typeof node === 'object' && node.children.length === 1 && node.children[0] === '\u2061';

/** Slots without the stand-in inside, groups of one without their group; the page gives operators their space. */
function simplified(node: Element): MathNode {
  const { tag, attributes, children } = node;
  const classes = (attributes['class'] ?? '').split(' ').filter(Boolean);
  const slot = classes.find((name) => name.startsWith('slot-'))?.slice('slot-'.length);
  if (slot !== undefined) {
    const role = classes.filter((name) => name.startsWith('r-') && name !== 'r-none').join(' ');
    return { tag: 'mn', attributes: role ? { class: role } : {}, slot, children: [] };
  }
  const [only] = children;
  if (tag === 'mrow' && children.length === 1 && typeof only === 'object' && only.slot === undefined) {
    return { ...only, attributes: { ...attributes, ...only.attributes } };
  }
  if (tag === 'mo' && typeof only === 'string' && SIGNS[only] !== undefined)
    return { tag, attributes: {}, children: [SIGNS[only]] };
  if (tag === 'mi' && typeof only === 'string' && only.length > 1) {
    return { tag, attributes: { ...attributes, class: `upright ${attributes['class'] ?? ''}`.trim() }, children };
  }
  return { tag, attributes, children: children.filter((child) => !isInvisible(child)) };
}

export function mathFromTex(): Plugin {
  return {
    name: 'math-from-tex',
    transform(code, id) {
      if (!id.endsWith('.tex')) return undefined;
      return { code: `export default ${JSON.stringify(parseFormulas(code))};`, map: null };
    },
  };
}
