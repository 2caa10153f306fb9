// Formulas are LaTeX in a section's formulas.tex. The build turns them into MathML; the reader's numbers fill in here.
import { createElement as h, type VNode } from 'preact';
import { written } from './number.tsx';
import type { Written } from './numbers.ts';

type Attributes = Record<string, string>;

/** A text, a MathML element, or a number that comes later: by its slot's name, with a class. */
export type MathNode = string | Slot | MathElement;
/** Its tag, its attributes where it has any, and what is inside. */
interface MathElement extends Array<Attributes | MathNode> {
  0: string;
}
interface Slot {
  slot: string;
  class?: string;
}

/** A formula: what stands in one or more <math> elements, since MathML does not break lines. */
export type MathRow = readonly (readonly MathNode[])[];

interface FormulaProps {
  of: MathRow;
  /** What fills \slot{role}{name}: numbers (4 significant digits) or text that is written already; '' leaves it out. */
  values?: Readonly<Record<string, number | string | Written>>;
}

export function Formula({ of, values = {} }: FormulaProps) {
  const math = (piece: readonly MathNode[]) => element(['math', { displaystyle: 'true' }, ...piece], values);
  return <span class="formula">{of.map(math)}</span>;
}

/** Around an operator, on both sides. */
const SPACES: Record<string, string> = {
  '=': '.32em',
  '≈': '.32em',
  '×': '.28em',
  '+': '.25em',
  '−': '.25em',
  '·': '.2em',
};

const operator = (sign: string, attributes: Attributes) => {
  const space = attributes['form'] ? undefined : SPACES[sign];
  return h('mo', space ? { ...attributes, lspace: space, rspace: space } : attributes, sign);
};

const isAttributes = (node: MathNode | Attributes | undefined): node is Attributes =>
  typeof node === 'object' && !Array.isArray(node) && !('slot' in node);

function element(node: MathNode, values: NonNullable<FormulaProps['values']>): VNode | string | null {
  if (typeof node === 'string') return node;
  if (!Array.isArray(node)) {
    const { slot, ...attributes } = node;
    const value = values[slot] ?? '?';
    // An empty element would not be taken over from the built page.
    return value === '' ? null : number(attributes, written(value, 4));
  }
  const [tag, first] = node;
  const attributes = isAttributes(first) ? first : {};
  const children = node.slice(isAttributes(first) ? 2 : 1) as MathNode[];
  if (tag === 'mo') return operator(children[0] as string, attributes);
  return h(tag, attributes, ...children.map((child) => element(child, values)));
}

function number(attributes: Attributes, { digits, exponent }: Written): VNode {
  if (exponent === '') return h('mn', attributes, digits);
  const power = h('msup', {}, h('mn', {}, '10'), h('mn', {}, exponent));
  return h('mrow', attributes, h('mn', {}, digits), operator('×', {}), power);
}
