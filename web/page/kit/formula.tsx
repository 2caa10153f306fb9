// Formulas are LaTeX in a section's formulas.tex. The build turns them into MathML; the reader's numbers fill in here.
import { createElement as h, type VNode } from 'preact';
import { written } from './number.tsx';
import type { Written } from './numbers.ts';

/** One MathML element; text is its own node. `slot` names the number that replaces the content. */
export type MathNode =
  | string
  | { tag: string; attributes: Record<string, string>; slot?: string; children: MathNode[] };

/** A formula: one or more <math> pieces, since MathML does not break lines. */
export type MathRow = readonly MathNode[];

interface FormulaProps {
  of: MathRow;
  /** What fills \slot{role}{name}: numbers (4 significant digits) or text that is written already. */
  values?: Readonly<Record<string, number | string | Written>>;
}

export function Formula({ of, values = {} }: FormulaProps) {
  return <span class="formula">{of.map((piece) => element(piece, values))}</span>;
}

function element(node: MathNode, values: NonNullable<FormulaProps['values']>): VNode | string {
  if (typeof node === 'string') return node;
  if (node.slot !== undefined) return number(node.attributes, written(values[node.slot] ?? '?', 4));
  return h(node.tag, node.attributes, ...node.children.map((child) => element(child, values)));
}

function number(attributes: Record<string, string>, { digits, exponent }: Written): VNode {
  if (exponent === '') return h('mn', attributes, digits);
  const power = h('msup', {}, h('mn', {}, '10'), h('mn', {}, exponent));
  return h('mrow', attributes, h('mn', {}, digits), h('mo', { lspace: '.28em', rspace: '.28em' }, '×'), power);
}
