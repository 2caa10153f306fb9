// The followed value's way through a scheme, in symbols and in numbers.
import { Formula } from '../formula.tsx';
import { whole, write } from '../numbers.ts';
import formulas from './formulas.tex';
import { type LanesView, type Mark, unclippedOf } from './view.ts';

export type Followed = Pick<LanesView, 'scale' | 'zeroPoint' | 'low' | 'high'> & {
  followed: Omit<Mark, 'index' | 'error'>;
};

/** What fills the formulas' slots. */
export function followedSlots(view: Followed) {
  const { value, ratio, code, restored } = view.followed;
  const unclipped = unclippedOf(view);
  return {
    ...{ x: value, s: view.scale, r: ratio, q: whole(code), y: restored },
    z: inSum(view.zeroPoint),
    ...(unclipped === undefined ? { u: '', c: '' } : { u: write(unclipped, 6), c: ',\u00a0clipped to\u00a0' }),
  };
}

const inSum = (x: number) => (x < 0 ? `(${whole(x)})` : whole(x));

/** From value to code, and back. */
export function Coding({ kind, view }: { kind: 'symmetric' | 'asymmetric'; view: Followed }) {
  const values = followedSlots(view);
  return (
    <>
      <Formula of={formulas[`${kind}Code`]!} values={values} />
      <Formula of={formulas[`${kind}Restored`]!} values={values} />
    </>
  );
}
