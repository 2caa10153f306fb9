import { type ComponentChildren, render } from 'preact';
import { useState } from 'preact/hooks';
import { Sparkline } from '../bar.tsx';
import type { Source } from '../contract.ts';
import { Combobox } from '../controls/combobox.tsx';
import { Dialog, Tabs } from '../controls/dialog.tsx';
import { NumberField } from '../controls/field.tsx';
import { builtDataset } from '../element.tsx';
import { FigureContext } from '../figure.tsx';
import { say } from '../numbers.ts';
import { pageState, useSource } from '../page.ts';
import { COUNT, GENERATED, type Generated, MODEL_NAME, nameOf, SEED, SEVEN, sameSource, TENSORS } from './examples.ts';
import { generate } from './generate.ts';
import { FileNumbers, PasteNumbers } from './reading.tsx';
import { sparkOf } from './spark.ts';

const TABS = ['Examples', 'Paste', 'File'] as const;
type Tab = (typeof TABS)[number];

/** Opens the dialog "Data"; with a file or a text at its tab. */
export function showDataDialog(given?: File | string): void {
  const place = document.getElementById('dialogs')!;
  const close = () => render(null, place);
  const surroundings = { name: 'data', changed: false, reset() {} };
  render(
    <FigureContext.Provider value={surroundings}>
      <DataDialog given={given} onClose={close} />
    </FigureContext.Provider>,
    place,
  );
}

function DataDialog({ given, onClose }: { given?: File | string | undefined; onClose(): void }) {
  const [tab, setTab] = useState<Tab>(
    given instanceof File ? 'File' : typeof given === 'string' ? 'Paste' : 'Examples',
  );
  return (
    <Dialog title="Data" onClose={onClose}>
      <Tabs<Tab> label="Where the numbers come from" tabs={TABS} value={tab} onChange={setTab}>
        {tab === 'Examples' && <Examples onTaken={onClose} />}
        {tab === 'Paste' && <PasteNumbers onTaken={onClose} initial={typeof given === 'string' ? given : ''} />}
        {tab === 'File' && <FileNumbers onTaken={onClose} initial={given instanceof File ? given : undefined} />}
      </Tabs>
    </Dialog>
  );
}

const ABOUT_GENERATED = {
  gaussian: 'a bell around 0',
  laplace: 'more near 0, longer tails',
  outliers: 'a bell, but one in a thousand is 20 times as large',
  relu: 'half of them 0, none below',
};

function Examples({ onTaken }: { onTaken(): void }) {
  const { source } = pageState().dataset;
  const [tensor, setTensor] = useState(source.kind === 'weights' ? source.tensor : TENSORS[0]!.name);
  const [size, setSize] = useState('count' in source ? source.count : COUNT.usual);
  const [seed, setSeed] = useState('seed' in source ? source.seed : SEED.usual);
  const tensors = TENSORS.map(({ name, shape }) => ({ value: name, label: name, detail: shape.join(' × ') }));
  return (
    <>
      <Example
        name="Real weights"
        about={`of ${MODEL_NAME} x2, a small image upscaler`}
        source={{ kind: 'weights', tensor }}
        spark={builtDataset().spark}
        onTaken={onTaken}
      >
        <Combobox label="Tensor" items={tensors} value={tensor} onChange={setTensor} size={14} />
      </Example>
      <Example
        name={nameOf({ kind: 'seven' })}
        about={SEVEN.map((x) => say(x)).join(', ')}
        source={{ kind: 'seven' }}
        spark={sparkOf(SEVEN)}
        onTaken={onTaken}
      />
      <div class="example-options">
        <span class="note">Made up, the same for the same seed:</span>
        <NumberField label="Count" value={size} min={COUNT.least} max={COUNT.most} whole size={7} onChange={setSize} />
        <NumberField label="Seed" value={seed} min={SEED.least} max={SEED.most} whole size={3} onChange={setSeed} />
      </div>
      {GENERATED.map((kind) => (
        <Example
          key={kind}
          name={nameOf({ kind, count: size, seed })}
          about={ABOUT_GENERATED[kind]}
          source={{ kind, count: size, seed }}
          spark={SPARKS[kind]}
          onTaken={onTaken}
        />
      ))}
    </>
  );
}

/** What each kind looks like, from a thousand of them. */
const SPARKS = Object.fromEntries(GENERATED.map((kind) => [kind, sparkOf(generate(kind, 1000, SEED.usual))])) as Record<
  Generated,
  number[]
>;

interface ExampleProps {
  name: string;
  about: string;
  source: Source;
  spark: readonly number[];
  onTaken(): void;
  children?: ComponentChildren;
}

function Example({ name, about, source, spark, onTaken, children }: ExampleProps) {
  const inUse = sameSource(source, pageState().dataset.source);
  const use = () => {
    onTaken();
    void useSource(source);
  };
  return (
    <div class="example">
      <button type="button" class="example-use" aria-current={inUse ? 'true' : undefined} onClick={use}>
        <Sparkline heights={spark} />
        <span>
          <b>{name}</b>
          <span class="note">{about}</span>
        </span>
        <span class="example-word">{inUse ? 'in use' : 'Use'}</span>
      </button>
      {children}
    </div>
  );
}
