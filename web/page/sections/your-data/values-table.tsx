// The table of all values.
import { VirtualTable } from '../../kit/controls/virtual-table.tsx';
import { whole } from '../../kit/numbers.ts';
import type { Row } from './model.ts';
import { ValueRow } from './row.tsx';

interface ValuesTableProps {
  count: number;
  shape: readonly number[];
  followed: number;
  titles: readonly string[];
  /** Changes whenever other rows would come. */
  version: unknown;
  first: readonly Row[];
  fetch(start: number, count: number): Promise<Row[] | undefined>;
  follow(index: number): void;
}

export function ValuesTable({ shape, titles, followed, follow, ...table }: ValuesTableProps) {
  const nested = shape.length > 1;
  return (
    <VirtualTable
      {...table}
      label="Every value"
      caption={`Original, code, restored and error of ${whole(table.count)} values; rows count from 0`}
      head={<Head titles={titles} nested={nested} />}
      row={(row) => (
        <ValueRow
          key={row.index}
          counted
          place={nested ? placeOf(row.index, shape) : undefined}
          {...{ row, followed, follow }}
        />
      )}
    />
  );
}

function Head({ titles, nested }: { titles: readonly string[]; nested: boolean }) {
  const columns = ['code', 'restored', 'error'];
  return (
    <thead>
      {titles.length > 1 && (
        <tr>
          <td />
          {nested && <td class="place" />}
          <td />
          {titles.map((title, i) => (
            <th key={i} scope="colgroup" colSpan={3} class="scheme">
              {title}
            </th>
          ))}
        </tr>
      )}
      <tr aria-rowindex={1}>
        <th scope="col">row</th>
        {nested && (
          <th scope="col" class="place">
            place
          </th>
        )}
        <th scope="col">original</th>
        {titles.flatMap((_, i) =>
          columns.map((column) => (
            <th key={`${column}${i}`} scope="col">
              {column}
            </th>
          )),
        )}
      </tr>
    </thead>
  );
}

/** '2, 0, 14': the index along every axis. */
export function placeOf(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return place.join(', ');
}
