import { flag, type Option, type OptionsOf, text } from '../../kit/options.ts';

/** Formats beside each other; all others stand in a list. */
export const USUAL = ['q4_0', 'q8_0', 'q2_k', 'q4_k', 'q6_k', 'iq4_xs', 'mxfp4', 'nvfp4', 'nf4'] as const;

/** The bits that the reader turned over, counted from the first of the block, and which block of which format. */
export interface Flips {
  format: string;
  block: number;
  bits: number[];
}

const flipsOption: Option<Flips | null> = {
  default: null,
  ofData: true,
  parse(given) {
    const [, format, block, bits] = /^(\w+)-(\d+)-(\d+(?:\.\d+)*)$/.exec(given) ?? [];
    return bits ? { format: format!, block: Number(block), bits: bits.split('.').map(Number) } : undefined;
  },
  format: (flips) => (flips ? `${flips.format}-${flips.block}-${flips.bits.join('.')}` : ''),
};

export const options = {
  format: text('q4_0', { maxLength: 24 }),
  /** The format that is compared with, or ''. */
  pin: text('', { maxLength: 24 }),
  flips: flipsOption,
  /** Whether formats that cannot do without importance get the same for every weight. */
  flat: flag(false),
};
export type Options = OptionsOf<typeof options>;
