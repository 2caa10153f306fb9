// Numbers as elements: real superscripts, since the fonts have none of Unicode's.
import { type Written, write } from './numbers.ts';

export type Role = 'sign' | 'exponent' | 'mantissa' | 'scale' | 'zero' | 'code' | 'original' | 'restored' | 'error';

interface NumProps {
  /** A number to write, or text that is written already. */
  of: number | string | Written;
  /** Significant digits: 3 in sentences (the default), 4 in formulas, 2 for errors. */
  digits?: number;
  role?: Role;
}

export function written(of: number | string | Written, digits = 3): Written {
  if (typeof of === 'number') return write(of, digits);
  return typeof of === 'string' ? { digits: of, exponent: '' } : of;
}

/** A number in prose or a table, in its role's colour. */
export function Num({ of, digits = 3, role }: NumProps) {
  const { digits: text, exponent } = written(of, digits);
  return (
    <span class={role ? `num r-${role}` : 'num'}>
      {text}
      {exponent && (
        <>
          {' × 10'}
          <sup>{exponent}</sup>
        </>
      )}
    </span>
  );
}

/** The same inside an SVG <text>. */
export function SvgNum({ of, digits = 3 }: NumProps) {
  const { digits: text, exponent } = written(of, digits);
  if (!exponent) return <>{text}</>;
  return (
    <>
      {`${text} × 10`}
      <tspan dy="-0.4em" font-size="0.75em">
        {exponent}
      </tspan>
    </>
  );
}

/** A sentence with powers written as '10^38', typeset. */
export function Sentences({ text }: { text: string }) {
  return <>{text.split(/\^(−?\d+)/).map((part, i) => (i % 2 === 1 ? <sup key={i}>{part}</sup> : part))}</>;
}
