import { FewbitsError } from '../../../lib/errors.ts';
import { Collector } from './collect.ts';
import { TOO_LARGE } from './number.ts';
import type { ReadResult } from './types.ts';

const DEPTH_LIMIT = 16;

/** The value, or undefined where a text is not JSON that could hold an array. */
export function parseJson(text: string): { value: unknown } | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Numbers of nested arrays, or of { data, shape }, in row-major order. */
export function flatten(value: unknown): ReadResult {
  if (Array.isArray(value)) return flattenArrays(value);
  if (typeof value === 'number') return flattenArrays([value]);
  const { data, shape } = (value ?? {}) as { data?: unknown; shape?: unknown };
  if (!Array.isArray(data)) throw notArrays(value);
  const flat = flattenArrays(data);
  return shape === undefined ? flat : { ...flat, shape: checkShape(shape, flat.values.length) };
}

function flattenArrays(root: unknown[]): ReadResult {
  const collector = new Collector();
  const shape: number[] = [];
  /** How deep the elements lie, once there is one. */
  let leaf: number | undefined;
  let ragged = false;
  const visit = (item: unknown, depth: number): void => {
    if (!Array.isArray(item)) {
      leaf ??= depth;
      if (depth !== leaf || depth !== shape.length) ragged = true;
      addElement(collector, item);
      return;
    }
    if (depth === DEPTH_LIMIT) {
      throw new FewbitsError('TOO_LARGE', `The JSON nests deeper than ${DEPTH_LIMIT} arrays, which no tensor does.`);
    }
    if (shape.length === depth) shape.push(item.length);
    else if (shape[depth] !== item.length) ragged = true;
    if (depth === leaf) ragged = true;
    for (const child of item) visit(child, depth + 1);
  };
  visit(root, 0);
  const result = collector.result([]);
  if (!ragged) return { ...result, shape };
  result.notes.push(
    `The nested arrays differ in length or depth, so all ${result.values.length} numbers are read as one row.`,
  );
  return { ...result, shape: [result.values.length] };
}

function addElement(collector: Collector, item: unknown): void {
  if (typeof item === 'number') collector.number(item, 0, '', TOO_LARGE);
  else if (typeof item === 'string') collector.number(Number.NaN, 0, JSON.stringify(item), 'text, not a number');
  else if (item === null || typeof item === 'boolean') collector.number(Number.NaN, 0, String(item), 'not a number');
  else throw notArrays(item);
}

function checkShape(shape: unknown, count: number): number[] {
  const whole = Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!whole) throw new FewbitsError('BAD_SHAPE', '"shape" must be an array of whole numbers, such as [2, 3].');
  const product = shape.reduce((a: number, b: number) => a * b, 1);
  if (product !== count) {
    throw new FewbitsError(
      'BAD_SHAPE',
      `"shape" [${shape.join(', ')}] asks for ${product} numbers but "data" has ${count}.`,
    );
  }
  return shape;
}

function notArrays(value: unknown): FewbitsError {
  const keys = Object.keys(Object(value)).slice(0, 5).join(', ');
  const what = keys ? `an object with ${keys}` : String(value);
  const message = `Found ${what} in the JSON; expected arrays of numbers, or { "data": [...], "shape": [...] }.`;
  return new FewbitsError('BAD_DATA', message);
}

const TOKEN =
  /\s*(?:[[\]{},:]|"(?:[^"\\\n]|\\.)*"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null)(?![\w.]))/iy;

/** Where a text stops being JSON, for a sentence: engines disagree on how they say it, and some do not. */
export function locateJsonError(text: string): string {
  TOKEN.lastIndex = 0;
  let at = 0;
  while (TOKEN.test(text)) at = TOKEN.lastIndex;
  const rest = text.slice(at).trimStart();
  if (rest === '') return 'it ends before its brackets close, or a comma is misplaced';
  const line = text.slice(0, text.length - text.slice(at).trimStart().length).split('\n').length;
  return `line ${line}, at "${/^\S{1,20}/.exec(rest)?.[0]}"`;
}
