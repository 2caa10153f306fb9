import { Num } from '../../kit/number.tsx';
import { MINUS, whole } from '../../kit/numbers.ts';
import type { TypeRow, View } from './model.ts';
import type { Options } from './options.ts';

const COLUMNS: readonly [key: string, label: string][] = [
  ['name', 'Data type'],
  ['min', 'Min'],
  ['max', 'Max'],
  ['sign', 'Sign'],
  ['exponent', 'Exponent'],
  ['mantissa', 'Mantissa'],
  ['bits', 'Total bits'],
];

/** By the beginning of the name, the first that fits; what else it is called. */
const NOTES: readonly [begins: string, note: string, alias?: string][] = [
  ['float64', 'double precision; errors are summed in it', 'FP64'],
  ['float32', 'single precision, as most models train', 'FP32'],
  ['tfloat32', 'float32 cut short, in matrix units', 'TF32'],
  ['float16', 'half precision: fine steps, little range', 'FP16'],
  ['bfloat16', 'the range of float32, with few digits', 'BF16'],
  ['float8_e4m3fnuz', 'e4m3 without −0, on some chips'],
  ['float8_e5m2fnuz', 'e5m2 without −0, on some chips'],
  ['float8_e4m3', 'weights and activations; no infinity'],
  ['float8_e5m2', 'gradients: more range, less precision'],
  ['float8_e8m0', 'powers of two only: the scale of a block'],
  ['float', 'no infinity, no NaN: needs a scale'],
  ['int32', 'where products of int8 are summed'],
  ['uint32', 'counts and indices'],
  ['uint', 'asymmetric: a zero point inside'],
  ['int8', '', 'INT8'],
];

/** By a column: '-max' for its largest first. */
export function sorted(rows: readonly TypeRow[], sort: string): readonly TypeRow[] {
  const key = COLUMNS.findIndex(([name]) => name === sort.replace('-', ''));
  if (key < 0) return rows;
  const sign = sort.startsWith('-') ? -1 : 1;
  return [...rows].sort((a, b) => sign * (a[key]! < b[key]! ? -1 : Number(a[key]! > b[key]!)));
}

interface TypesTableProps {
  view: View;
  options: Options;
  set(changes: Partial<Options>): void;
}

/** Every number format; its checkbox draws it as a row. */
export function TypesTable({ view: { types, rows }, options: { formats, sort }, set }: TypesTableProps) {
  // What was asked for last: the rows may still be on their way.
  const asked = formats.split(' ').filter((name) => types.some((type) => type[0] === name));
  const drawn = asked.length ? asked : rows.map(({ name }) => name);
  const toggle = (name: string) =>
    set({ formats: (drawn.includes(name) ? drawn.filter((other) => other !== name) : [...drawn, name]).join(' ') });
  const header = ([key, label]: (typeof COLUMNS)[number]) => {
    const order = sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : undefined;
    return (
      <th key={key} scope="col" aria-sort={order}>
        <button
          type="button"
          aria-label={`Sort by ${label.toLowerCase()}`}
          onClick={() => set({ sort: order === 'descending' ? key : `-${key}` })}
        >
          {label}
          {order && (order === 'ascending' ? ' ↑' : ' ↓')}
        </button>
      </th>
    );
  };
  const row = ([name, ...numbers]: TypeRow) => {
    const [, note, alias] = NOTES.find(([begins]) => name.startsWith(begins)) ?? [];
    const on = drawn.includes(name);
    return (
      <tr key={name}>
        <th scope="row">
          <label>
            <input
              type="checkbox"
              checked={on}
              disabled={on ? drawn.length === 1 : drawn.length >= 8}
              autocomplete="off"
              onChange={() => toggle(name)}
            />
            {name} {alias && <span class="note">{alias}</span>}
          </label>
        </th>
        {numbers.map((x, i) => (
          <td key={i}>{Number.isInteger(x) && Math.abs(x) < 1e10 ? whole(x) : <Num of={x} digits={2} />}</td>
        ))}
        <td>{note || `symmetric uses ${MINUS}${whole(numbers[1]!)}`}</td>
      </tr>
    );
  };
  return (
    <div class="types">
      <p class="note">Every number format of the library. The ticked ones are the rows above, eight at most.</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="table-scroll" tabIndex={0} aria-label="Data types">
        <table class="table">
          <thead>
            <tr>
              {COLUMNS.map(header)}
              <th scope="col">Notes</th>
            </tr>
          </thead>
          <tbody>{sorted(types, sort).map(row)}</tbody>
        </table>
      </section>
    </div>
  );
}
