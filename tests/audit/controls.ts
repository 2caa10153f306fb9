// The main controls of every figure, and the keys that are pressed on them, over and over.
import type { Page } from 'playwright-core';

export interface Control {
  /** The section, without `fewbits-`. */
  figure: string;
  role: Parameters<Page['getByRole']>[0];
  name: string | RegExp;
  keys: readonly string[];
}

const times = (count: number, key: string) => new Array<string>(count).fill(key);
const thereAndBack = (count: number) => [...times(count, 'ArrowRight'), ...times(count, 'ArrowLeft')];
/** From 4 bits to 8, to 1, and back to 4. */
const widths = [...times(4, 'ArrowRight'), ...times(7, 'ArrowLeft'), ...times(3, 'ArrowRight')];
/** The next of a group of radio buttons, round and round. */
const next = ['ArrowRight'];

export const CONTROLS: readonly Control[] = [
  { figure: 'top', role: 'slider', name: 'Bits per number', keys: widths },
  { figure: 'top', role: 'slider', name: 'Followed value', keys: thereAndBack(5) },
  { figure: 'why', role: 'slider', name: 'Your memory', keys: thereAndBack(20) },
  { figure: 'why', role: 'slider', name: 'Context', keys: thereAndBack(5) },
  { figure: 'bits', role: 'switch', name: /^mantissa bit 10/, keys: ['Space'] },
  { figure: 'bits', role: 'button', name: 'Next', keys: ['Enter'] },
  { figure: 'range', role: 'slider', name: 'Probe', keys: thereAndBack(20) },
  { figure: 'range', role: 'button', name: 'Zoom in', keys: ['Enter'] },
  { figure: 'symmetric', role: 'radiogroup', name: 'Type', keys: next },
  { figure: 'asymmetric', role: 'slider', name: 'High end α', keys: thereAndBack(20) },
  { figure: 'asymmetric', role: 'slider', name: 'Zero point', keys: thereAndBack(5) },
  { figure: 'asymmetric', role: 'radiogroup', name: 'Type', keys: next },
  { figure: 'blocks', role: 'slider', name: 'Block', keys: thereAndBack(20) },
  { figure: 'blocks', role: 'slider', name: 'Weight', keys: thereAndBack(10) },
  { figure: 'blocks', role: 'radiogroup', name: 'Format', keys: next },
  { figure: 'your-data', role: 'radiogroup', name: 'One scale per', keys: next },
  { figure: 'your-data', role: 'radiogroup', name: 'Calibration', keys: next },
  { figure: 'your-model', role: 'radiogroup', name: 'Into', keys: next },
];
