// The figure's sentence: what a narrower format keeps, then what is odd about these bits, or what is out of reach.
import type { ComponentChildren } from 'preact';
import { Num } from '../../kit/number.tsx';
import { MINUS, whole } from '../../kit/numbers.ts';
import { mantissaBitsOf } from './bits.ts';
import type { Reading, View } from './model.ts';
import { OWN } from './names.ts';
import { Kept } from './stack.tsx';

export function Finding({ view }: { view: View }) {
  const { number, rows, at } = view;
  const editor = rows[at]!;
  const looked = editor.name === 'float32' ? rows.find(({ name }) => name === 'bfloat16')! : editor;
  return (
    <>
      {capital(nameOf(looked))} {lossOf(looked)}: <Kept of={number} role="original" />{' '}
      {Object.is(looked.value, number) ? 'stays' : 'becomes'} <Kept of={looked.value} />.{' '}
      {looked.bits.length <= 8 && <Count reading={looked} />}
      {oddityOf(editor, number) ?? <Reach view={view} />}
    </>
  );
}

const nameOf = ({ name }: Reading) => (name === OWN ? 'your format' : name);
const capital = (text: string) => (text.startsWith('your') ? `Y${text.slice(1)}` : text);

function lossOf(reading: Reading): ComponentChildren {
  const { kind, signBits, exponentBits } = reading;
  if (kind === 'integer') return 'has no exponent, only whole numbers';
  return (
    <>
      keeps <Num of={whole(exponentBits)} /> exponent bits, drops <Num of={whole(23 - mantissaBitsOf(reading))} /> of
      the mantissa
      {!signBits && ' and has no sign'}
    </>
  );
}

const Count = ({ reading: { bits, values } }: { reading: Reading }) => (
  <>
    Its <Num of={whole(2 ** bits.length)} /> codes name <Num of={whole(values)} /> different numbers.{' '}
  </>
);

function oddityOf(reading: Reading, number: number): ComponentChildren {
  const { kind, class: is, specials, value, signBits, bits } = reading;
  if (kind === 'integer') return value === number ? '' : undefined;
  if (is === 'nan') {
    if (specials === 'fnuz') return 'The code that would be −0 is NaN here: not a number.';
    if (specials === 'fn') return `All bits${signBits ? ' but the sign' : ''} are 1: this is NaN, not a number.`;
    return 'All exponent bits are 1 and the mantissa is not 0: this is NaN, not a number.';
  }
  if (is === 'infinity' && !Number.isFinite(number))
    return 'All exponent bits are 1 and the mantissa is 0: this is infinity.';
  if (is === 'zero' && number === 0) {
    if (!signBits || specials === 'fnuz') return 'All bits are 0: this is 0, and no other code is.';
    return `All bits${bits[0] === '1' ? ' but the sign' : ''} are 0. Zero has two codes, 0 and ${MINUS}0, which count as equal.`;
  }
  if (is === 'subnormal')
    return 'The exponent bits are all 0: a subnormal number, which goes without the leading 1 to come closer to 0.';
  return undefined;
}

/** What is too large for a format, or for a small one too small. float32 has room for most: there the others are told of. */
function Reach({ view: { rows, at, number } }: { view: View }) {
  const floats = rows.filter(({ kind }) => kind === 'floating');
  const told = rows[at]!.name === 'float32' ? floats : [rows[at]!];
  const isFirst = ({ name }: Reading) => name === 'float32' || name === 'float8_e4m3fn';
  const out = [...told.filter(isFirst), ...told].find(({ beyond }) => beyond);
  if (out) {
    const { limit, saturated } = out.beyond!;
    const stays = out.value === saturated;
    return (
      <>
        Past <Kept of={limit} role="original" />, {nameOf(out)} {stays ? 'stays at' : 'gives'} <Kept of={out.value} />
        {!stays && (
          <>
            ; saturating gives <Kept of={saturated} />
          </>
        )}
        .
      </>
    );
  }
  const lost = told.findLast(({ value, signBits }) => value === 0 && (number > 0 || (number < 0 && signBits)));
  if (!lost) return null;
  if (told.length === 1) return <>A format this small needs a scale.</>;
  return (
    <>
      For {nameOf(lost)}, the nearest of its <Num of={whole(lost.values)} /> numbers is <Kept of={lost.value} />: a
      format this small needs a scale.
    </>
  );
}
