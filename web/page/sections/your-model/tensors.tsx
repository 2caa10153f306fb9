// The table of all tensors, with a menu of types for each.
import { VirtualTable } from '../../kit/controls/virtual-table.tsx';
import { whole } from '../../kit/numbers.ts';
import { type Row, type Sort, type SortKey, sayDecibels, type View } from './options.ts';

interface TensorsTableProps {
  view: View;
  sort: Sort;
  setSort(sort: Sort): void;
  fetch(start: number, count: number): Promise<Row[] | undefined>;
  chosen: number;
  pick(index: number): void;
  choose(index: number, type: string): void;
}

const COLUMNS: readonly [label: string, key: SortKey | null, look?: string][] = [
  ['tensor', 'name'],
  ['shape', null, 'wide'],
  ['stored', null, 'wide'],
  ['bytes', 'bytes', 'wide'],
  ['becomes', null, 'becomes'],
  ['new bytes', 'newBytes'],
  ['SQNR', 'sqnrDb'],
];

export function TensorsTable({ view, sort, setSort, fetch, chosen, pick, choose }: TensorsTableProps) {
  return (
    <VirtualTable
      label="Every tensor"
      caption={`Name, shape, type and bytes of ${whole(view.tensors)} tensors, and what they become`}
      count={view.tensors}
      version={`${view.id} ${sort.key} ${sort.descending} ${stateOf(view)}`}
      first={view.rows}
      fetch={fetch}
      head={
        <thead>
          <tr>
            {COLUMNS.map(([label, key, look]) => (
              <Heading key={label} {...{ label, column: key, look, sort, setSort }} />
            ))}
          </tr>
        </thead>
      }
      row={(row, at) => <TensorRow key={row.index} {...{ row, at, pick, choose }} isChosen={row.index === chosen} />}
    />
  );
}

/** Other rows come when types change or something more is measured. */
const stateOf = ({ newBytes, measured, newName, chosen, problem }: View) =>
  [newBytes, measured.done, measured.of, measured.approximate, newName, chosen, problem].join(' ');

interface HeadingProps {
  label: string;
  column: SortKey | null;
  look: string | undefined;
  sort: Sort;
  setSort(sort: Sort): void;
}

function Heading({ label, column, look, sort, setSort }: HeadingProps) {
  const order = sort.key === column ? (sort.descending ? 'descending' : 'ascending') : undefined;
  const isNumber = column !== 'name';
  return (
    <th scope="col" class={look} aria-sort={order}>
      {column ? (
        <button
          type="button"
          aria-label={`Sort by ${label}`}
          onClick={() =>
            setSort({ key: column, descending: order ? !sort.descending : isNumber && column !== 'sqnrDb' })
          }
        >
          {label}
          {order && (order === 'ascending' ? ' ↑' : ' ↓')}
        </button>
      ) : (
        <span>{label}</span>
      )}
    </th>
  );
}

interface TensorRowProps {
  row: Row;
  /** Its place in the sorted table. */
  at: number;
  isChosen: boolean;
  pick(index: number): void;
  choose(index: number, type: string): void;
}

function TensorRow({ row, at, isChosen, pick, choose }: TensorRowProps) {
  const { index, name, shape, storedType, bytes, newBytes } = row;
  return (
    <tr class={isChosen ? 'followed' : undefined} aria-rowindex={at + 2}>
      <th scope="row">
        <button type="button" class="name" aria-pressed={isChosen} title={name} onClick={() => pick(index)}>
          {name || 'array'}
        </button>
      </th>
      <td class="wide">{shape.join(' × ') || 'one value'}</td>
      <td class="wide">{storedType}</td>
      <td class="wide">{whole(bytes)}</td>
      <td class="becomes">
        <TypeMenu row={row} choose={choose} />
      </td>
      <td>{whole(newBytes)}</td>
      <td>{sayDecibels(row)}</td>
    </tr>
  );
}

export function TypeMenu({ row, choose }: { row: Row; choose(index: number, type: string): void }) {
  const { index, name, type, chosen, choices, reason } = row;
  if (choices.length === 0) return <span title={reason}>{type}</span>;
  return (
    <select
      class="type"
      aria-label={`Type of ${name || 'array'}`}
      title={reason}
      value={chosen}
      onChange={(event) => choose(index, event.currentTarget.value)}
    >
      <option value="">{chosen ? 'as planned' : type}</option>
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
    </select>
  );
}
