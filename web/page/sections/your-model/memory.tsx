import type { FigureProps } from '../../kit/contract.ts';
import { NumberField } from '../../kit/controls/field.tsx';
import { binaryBytes, decimalBytes, whole } from '../../kit/numbers.ts';
import type { MemoryView, Options, View } from './options.ts';

interface MemoryProps {
  memory: MemoryView;
  context: number;
  set: FigureProps<Options, View>['set'];
}

/** What the converted model needs to run, term by term. */
export function Memory({ memory: { terms, total, hasCache, notes }, context, set }: MemoryProps) {
  const size = (bytes: number) => <span title={binaryBytes(bytes)}>{decimalBytes(bytes)}</span>;
  return (
    <section aria-label="Memory" class="memory">
      <div class="line">
        <h3>Memory to run it</h3>
        {hasCache && (
          <NumberField
            label="Context"
            unit="tokens"
            value={context}
            min={1}
            max={2 ** 24}
            whole
            size={8}
            onChange={(value) => set({ context: value })}
          />
        )}
      </div>
      <table class="table">
        <caption class="hidden">Memory, term by term</caption>
        <thead>
          <tr>
            {['what', 'from', 'bytes', 'size'].map((column) => (
              <th key={column} scope="col" class={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {terms.map(({ name, formula, bytes }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="from">{formula}</td>
              <td>{whole(bytes)}</td>
              <td>{size(bytes)}</td>
            </tr>
          ))}
          <tr class="total">
            <th scope="row">in all</th>
            <td class="from" />
            <td>{whole(total)}</td>
            <td>{size(total)}</td>
          </tr>
        </tbody>
      </table>
      {notes.length > 0 && <p class="note">{notes.join(' ')}</p>}
    </section>
  );
}
