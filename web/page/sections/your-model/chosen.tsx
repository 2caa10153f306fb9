// One tensor looked at: what it is, what becomes of it and why, and what can be done with it.
import { useEffect, useState } from 'preact/hooks';
import type { FigureProps } from '../../kit/contract.ts';
import { Problem } from '../../kit/controls/problem.tsx';
import { download } from '../../kit/download.ts';
import { decimalBytes } from '../../kit/numbers.ts';
import { sentenceOf, takeNumbers, useSource } from '../../kit/page.ts';
import { modelWorker } from './client.ts';
import { type Options, type Row, sayDecibels, type View } from './options.ts';
import { TypeMenu } from './tensors.tsx';

interface ChosenProps {
  view: View;
  options: Options;
  index: number;
  ask: FigureProps<Options, View>['ask'];
  choose(index: number, type: string): void;
}

export function Chosen({ view, options, index, ask, choose }: ChosenProps) {
  const row = useRow({ view, options, index, ask });
  const [problem, setProblem] = useState('');
  const [used, setUsed] = useState('');
  useEffect(() => setUsed(''), [index, view.id]);
  if (!row) return null;
  const attempt = (what: () => Promise<unknown>) => {
    setProblem('');
    what().catch((error) => setProblem(sentenceOf(error)));
  };
  const use = async () => {
    // The guide's own model has an address, a model of the reader's has not.
    if (view.isExample) await useSource({ kind: 'weights', tensor: row.name });
    else {
      const { name, values, shape, note } = await modelWorker().read(index);
      await takeNumbers(name, values as Float32Array<ArrayBuffer>, [...shape], note);
    }
    setUsed(row.name);
  };
  const facts: [string, unknown][] = [
    ['shape', row.shape.join(' × ') || 'one value'],
    ['stored as', `${row.storedType}, ${decimalBytes(row.bytes)}`],
    ['becomes', <TypeMenu key="menu" row={row} choose={choose} />],
    ['new size', decimalBytes(row.newBytes)],
    ['SQNR', sayDecibels(row)],
  ];
  return (
    <section aria-label="Chosen tensor" class="chosen">
      <h3>{row.name || 'array'}</h3>
      <dl>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value as string}</dd>
          </div>
        ))}
      </dl>
      {row.reason && <p class="note">{row.reason}.</p>}
      <p class="line">
        <button type="button" class="button" onClick={() => attempt(use)}>
          Use in the guide
        </button>
        <button
          type="button"
          class="button"
          onClick={() => attempt(async () => download(await modelWorker().tensorAsNpy(index)))}
        >
          Save as .npy
        </button>
        {used === row.name && used !== '' && (
          <span class="note" role="note">
            Every figure of the guide now shows its numbers.
          </span>
        )}
      </p>
      <Problem text={problem} />
    </section>
  );
}

/** The tensor's row: of those at hand, or asked for. */
function useRow({ view, options, index, ask }: Omit<ChosenProps, 'choose'>): Row | undefined {
  const [row, setRow] = useState<Row | undefined>(
    [...view.rows, view.worst].find((one) => one?.index === index) ?? undefined,
  );
  useEffect(() => {
    let current = true;
    void ask<Row>('row', { index, options }).then(
      (answer) => current && answer && setRow(answer),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [view, index]);
  return row;
}
