import { choice, flag, number, type Option, type OptionsOf, text } from '../../kit/options.ts';

/** What the reader made of the followed value. It holds as long as that value is followed. */
export interface Edit {
  of: number;
  /** The format whose bits were set, or TYPED. */
  format: string;
  /** Those bits, or the number. */
  text: string;
}

const editOption: Option<Edit | null> = {
  default: null,
  ofData: true,
  parse(given) {
    const [, of, format, made] = /^([^_]+)_(\w+)_([^_]+)$/.exec(given) ?? [];
    return made ? { of: Number(of), format: format!, text: made } : undefined;
  },
  format: (edit) => (!edit ? '' : `${edit.of}_${edit.format}_${edit.text}`),
};

export const options = {
  format: text('float32', { maxLength: 24 }),
  edit: editOption,
  own: flag(false),
  sign: flag(true),
  exponent: number(4, { min: 0, max: 8, whole: true }),
  mantissa: number(3, { min: 0, max: 23, whole: true }),
  bias: number(7, { min: -200, max: 200, whole: true }),
  specials: choice(['ieee', 'fn', 'fnuz', 'none'], 'fn'),
};
export type Options = OptionsOf<typeof options>;
