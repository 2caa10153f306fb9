import { Num } from '../../kit/number.tsx';
import { whole } from '../../kit/numbers.ts';
import type { View } from './model.ts';
import type { Options } from './options.ts';
import type { TypeRow } from './types.ts';

const COLUMNS: readonly [key: keyof TypeRow, label: string][] = [
  ['name', 'Data type'],
  ['min', 'Min'],
  ['max', 'Max'],
  ['sign', 'Sign'],
  ['exponent', 'Exponent'],
  ['mantissa', 'Mantissa'],
  ['bits', 'Total bits'],
];

interface TypesTableProps {
  view: View;
  options: Options;
  set(changes: Partial<Options>): void;
}

/** Every number format; its checkbox draws it as a row. */
export function TypesTable({ view, options: { formats, sort }, set }: TypesTableProps) {
  // What was asked for last: the rows may still be on their way.
  const asked = formats.split(' ').filter((name) => view.types.some((type) => type.name === name));
  const drawn = asked.length ? asked : view.rows.map(({ name }) => name);
  const toggle = (name: string) =>
    set({ formats: (drawn.includes(name) ? drawn.filter((other) => other !== name) : [...drawn, name]).join(' ') });
  return (
    <div class="types">
      <p class="note">Every number format of the library. The ticked ones are the rows above, eight at most.</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="table-scroll" tabIndex={0} aria-label="Data types">
        <table class="table">
          <thead>
            <tr>
              {COLUMNS.map(([key, label]) => {
                const order = sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : undefined;
                return (
                  <th key={key} scope="col" aria-sort={order}>
                    <button
                      type="button"
                      aria-label={`Sort by ${label.toLowerCase()}`}
                      onClick={() => set({ sort: order === 'descending' ? key : `-${key}` })}
                    >
                      {label}
                      <span aria-hidden="true">{order ? (order === 'ascending' ? ' ↑' : ' ↓') : ''}</span>
                    </button>
                  </th>
                );
              })}
              <th scope="col">Notes</th>
            </tr>
          </thead>
          <tbody>
            {view.types.map((type) => {
              const on = drawn.includes(type.name);
              return (
                <tr key={type.name}>
                  <th scope="row">
                    <label>
                      <input
                        type="checkbox"
                        checked={on}
                        disabled={on ? drawn.length === 1 : drawn.length >= 8}
                        autocomplete="off"
                        onChange={() => toggle(type.name)}
                      />
                      {type.name} <span class="note">{type.alias}</span>
                    </label>
                  </th>
                  <td>
                    <End of={type.min} />
                  </td>
                  <td>
                    <End of={type.max} />
                  </td>
                  <td class="r-sign">{type.sign}</td>
                  <td class="r-exponent">{type.exponent}</td>
                  <td class="r-mantissa">{type.mantissa}</td>
                  <td>{type.bits}</td>
                  <td>{type.notes}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </div>
  );
}

/** Exact where that is short, else about. */
const End = ({ of }: { of: number }) => (
  <Num of={Number.isInteger(of) && Math.abs(of) < 1e10 ? whole(of) : of} digits={2} />
);
