import { useFigureId } from '../../kit/figure.tsx';
import { Num, type Role } from '../../kit/number.tsx';
import { whole } from '../../kit/numbers.ts';
import { type Field, fieldsOf, isSpecial, powerOf } from './bits.ts';
import type { Reading, View } from './model.ts';

interface StackProps {
  rows: readonly Reading[];
  chosen: string;
  onChoose(format: string): void;
}

/** The border between exponent and mantissa, in tiles: room for a sign and 8 exponent bits to its left, 23 to its right. */
const BORDER = 9;
const TILES = 32;

/** The floats, aligned where the exponent ends. A radio group in a table: choosing a row puts it into the editor. */
export function Stack({ rows, chosen, onChoose }: StackProps) {
  const name = useFigureId('row');
  return (
    <div role="radiogroup" aria-label="Format in the editor" class="stack">
      <table>
        <thead>
          <tr>
            <th scope="col">the same number in</th>
            <th scope="col">
              <b class="r-exponent">range</b> to the left, <b class="r-mantissa">precision</b> to the right
            </th>
            <th scope="col">power</th>
            <th scope="col">kept</th>
            <th scope="col">error</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name} class={row.name === chosen ? 'chosen' : undefined}>
              <th scope="row">
                <label>
                  <input
                    type="radio"
                    name={name}
                    checked={row.name === chosen}
                    autocomplete="off"
                    onChange={() => onChoose(row.name)}
                  />
                  {row.name}
                </label>
              </th>
              <td>
                <svg viewBox={`0 0 ${TILES} 1`} preserveAspectRatio="none" aria-hidden="true">
                  {fieldsOf(row).map(stripOf)}
                </svg>
              </td>
              <td>{isSpecial(row) || row.kind === 'integer' ? '–' : <Power of={powerOf(row)} />}</td>
              <td>
                <Kept of={row.value} />
              </td>
              <td>
                <Missed reading={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Every tile of a field, and over them those that are 1. The largest integers reach over the border. */
function stripOf({ name, bits }: Field) {
  const left = { sign: 0, exponent: BORDER - bits.length, mantissa: Math.min(BORDER, TILES - bits.length) }[name];
  const tiles = (shown: string) => [...bits].map((bit, i) => (shown.includes(bit) ? `M${left + i} 0h.8v1h-.8z` : ''));
  return (
    <>
      <path class={name} d={tiles('01').join('')} />
      <path class={`${name} on`} d={tiles('1').join('')} />
    </>
  );
}

const Power = ({ of }: { of: number }) => (
  <>
    2<sup>{whole(of)}</sup>
  </>
);

/** Digits enough for 65,504. */
export const Kept = ({ of, role = 'restored' }: { of: number; role?: Role }) => (
  <Num of={of} digits={Math.abs(of) < 1000 ? 4 : 6} role={role} />
);

/** Where nothing finite is left there is no error to tell. */
function Missed({ reading: { value, error, beyond } }: { reading: Reading }) {
  if (Number.isFinite(value) && Number.isFinite(error)) return <Num of={error} digits={2} role="error" />;
  return <>{beyond ? 'too large' : '–'}</>;
}

export function tableOf({ rows }: View) {
  return {
    caption: 'The same number in every format',
    columns: ['Format', 'Bits', 'Kept', 'Error', 'Largest', 'Different numbers'],
    rows: rows.map((row) => [
      row.name,
      fieldsOf(row)
        .map(({ bits }) => bits)
        .join(' '),
      <Kept of={row.value} />,
      <Missed reading={row} />,
      <Kept of={row.max} />,
      whole(row.values),
    ]),
  };
}
