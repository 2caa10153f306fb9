import { useFigureId } from '../../kit/figure.tsx';
import { Num, type Role } from '../../kit/number.tsx';
import { whole } from '../../kit/numbers.ts';
import { fieldsOf, isSpecial, powerOf } from './bits.ts';
import type { Reading, View } from './model.ts';

interface StackProps {
  rows: readonly Reading[];
  chosen: string;
  onChoose(format: string): void;
}

/** The border between exponent and mantissa, in tiles: room for a sign and 8 exponent bits to its left, 23 to its right. */
const BORDER = 9;
const TILES = 32;
/** On each side of a tile, in tiles. */
const MARGIN = 0.1;

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
              <b class="r-exponent">range</b>
              <span class="wide-only"> to the left</span>, <b class="r-mantissa">precision</b>
              <span class="wide-only"> to the right</span>
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
                    value={row.name}
                    checked={row.name === chosen}
                    autocomplete="off"
                    onChange={() => onChoose(row.name)}
                  />
                  <FormatName of={row.name} />
                </label>
              </th>
              <td>
                <Strip reading={row} />
              </td>
              <td>{isSpecial(row) ? '–' : <Power of={powerOf(row)} />}</td>
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

/** Narrow screens leave out what all small formats begin with. */
function FormatName({ of }: { of: string }) {
  const [, prefix = '', rest = of] = /^(float\d_)?(.*)$/.exec(of)!;
  return (
    <span>
      <span class="wide-only">{prefix}</span>
      {rest}
    </span>
  );
}

function Strip({ reading }: { reading: Reading }) {
  const { signBits, exponentBits } = reading;
  const shift = BORDER - signBits - exponentBits;
  const places = fieldsOf(reading).flatMap(({ name, bits: field }) => [...field].map((bit) => ({ name, bit })));
  return (
    <svg aria-hidden="true">
      <line class="axis" x1={`${(100 * BORDER) / TILES}%`} x2={`${(100 * BORDER) / TILES}%`} y2="100%" />
      {places.map(({ name, bit }, i) => (
        <rect
          key={i}
          class={bit === '1' ? `${name} on` : name}
          x={`${(100 * ((name === 'sign' ? 0 : i + shift) + MARGIN)) / TILES}%`}
        />
      ))}
    </svg>
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
function Missed({ reading: { error, beyond } }: { reading: Reading }) {
  if (Number.isFinite(error)) return <Num of={error} digits={2} role="error" />;
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
      <Kept key="kept" of={row.value} />,
      <Missed key="error" reading={row} />,
      <Kept key="max" of={row.max} />,
      whole(row.values),
    ]),
  };
}
