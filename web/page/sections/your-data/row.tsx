// A line of the tables: one element and what became of it.
import { Num } from '../../kit/number.tsx';
import { plain, type Written, whole, write, writeStored } from '../../kit/numbers.ts';
import type { Row } from './model.ts';

interface ValueRowProps {
  row: Row;
  followed: number;
  follow(index: number): void;
  /** Where it stands in its shape; without, there is no such column. */
  place?: string | undefined;
  /** Of how many rows it is one. */
  counted?: boolean;
  error?: (error: number) => Written;
}

const twoDigits = (error: number) => write(error, 2);

export function ValueRow({ row, followed, follow, place, counted = false, error = twoDigits }: ValueRowProps) {
  const { index, original, cells } = row;
  const stored = writeStored(original);
  const isFollowed = index === followed;
  return (
    <tr
      class={isFollowed ? 'followed' : undefined}
      aria-rowindex={counted ? index + 2 : undefined}
      onClick={() => follow(index)}
    >
      <th scope="row">
        <button
          type="button"
          class="follow"
          aria-pressed={isFollowed}
          aria-label={`Follow row ${whole(index)}: ${plain(stored)}`}
        >
          {isFollowed && (
            <svg class="followed-mark" width="9" height="9" viewBox="0 0 9 9" aria-hidden="true">
              <path d="M4.5 .5 8.5 4.5 4.5 8.5 .5 4.5z" fill="currentColor" />
            </svg>
          )}
          {whole(index)}
        </button>
      </th>
      {place !== undefined && <td class="place">{place}</td>}
      <td>
        <Num of={stored} role="original" />
      </td>
      {cells.map((cell) =>
        cell.code === '' ? (
          <td colSpan={3}>–</td>
        ) : (
          <>
            <td>
              <span class="tile">{cell.code}</span>
            </td>
            <td>
              <Num of={cell.restored} digits={4} role="restored" />
            </td>
            <td>
              <Num of={error(cell.error)} role="error" />
            </td>
          </>
        ),
      )}
    </tr>
  );
}
