import { render } from 'preact';
import { useState } from 'preact/hooks';
import type { Source } from '../contract.ts';
import { Combobox } from '../controls/combobox.tsx';
import { Dialog, Tabs } from '../controls/dialog.tsx';
import { NumberField } from '../controls/field.tsx';
import { FigureContext } from '../figure.tsx';
import { count } from '../numbers.ts';
import { pageState, useSource } from '../page.ts';
import { COUNT, GENERATED, MODEL_NAME, nameOf, SEED, SEVEN, TENSORS } from './examples.ts';
import { FileNumbers, PasteNumbers } from './reading.tsx';

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
  const use = async (chosen: Source) => {
    onTaken();
    await useSource(chosen);
  };
  const tensors = TENSORS.map(({ name, shape }) => ({ value: name, label: name, detail: shape.join(' × ') }));
  return (
    <>
      <Example
        name="Real weights"
        about={`of ${MODEL_NAME} x2, a small image upscaler`}
        onUse={() => use({ kind: 'weights', tensor })}
      >
        <Combobox label="Tensor" items={tensors} value={tensor} onChange={setTensor} size={16} />
      </Example>
      <Example
        name={nameOf({ kind: 'seven' })}
        about={SEVEN.map((x) => String(x).replace('-', '−')).join('  ')}
        onUse={() => use({ kind: 'seven' })}
      />
      <div class="example-options">
        <span class="note">Made up, the same for the same seed:</span>
        <NumberField label="Count" value={size} min={COUNT.least} max={COUNT.most} whole size={9} onChange={setSize} />
        <NumberField label="Seed" value={seed} min={SEED.least} max={SEED.most} whole size={6} onChange={setSeed} />
      </div>
      {GENERATED.map((kind) => (
        <Example
          key={kind}
          name={nameOf({ kind, count: size, seed })}
          about={`${count(size, 'numbers')}: ${ABOUT_GENERATED[kind]}`}
          onUse={() => use({ kind, count: size, seed })}
        />
      ))}
    </>
  );
}

interface ExampleProps {
  name: string;
  about: string;
  onUse(): void;
  children?: preact.ComponentChildren;
}

function Example({ name, about, onUse, children }: ExampleProps) {
  return (
    <div class="example">
      <button type="button" class="example-use" onClick={onUse}>
        <b>{name}</b>
        <span class="note">{about}</span>
      </button>
      {children}
    </div>
  );
}
