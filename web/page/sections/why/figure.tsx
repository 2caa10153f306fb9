import { useEffect, useState } from 'preact/hooks';
import { parseCount } from '../../../lib/count.ts';
import type { FigureProps } from '../../kit/contract.ts';
import { Switch } from '../../kit/controls/choice.tsx';
import { Combobox } from '../../kit/controls/combobox.tsx';
import { NumberField, TextField } from '../../kit/controls/field.tsx';
import { Slider } from '../../kit/controls/slider.tsx';
import { Figure } from '../../kit/figure.tsx';
import { Formula } from '../../kit/formula.tsx';
import { count, decimalBytes, say, whole } from '../../kit/numbers.ts';
import { linearAxis } from './axis.ts';
import { Bars } from './bars.tsx';
import { ConfigFile } from './config-file.tsx';
import {
  barsOf,
  bitsPerWeight,
  chosenBar,
  findingOf,
  gigabytesOf,
  memoryText,
  notesOf,
  tableOf,
  totalOf,
} from './finding.ts';
import formulas from './formulas.tex';
import type { Subject, View } from './model.ts';
import { COUNT, idOf, NAMES, type Options, OWN } from './options.ts';

export { options } from './options.ts';

type Props = FigureProps<Options, View>;

export default function Why(props: Props) {
  const { options, set } = props;
  const own = useOwnModel(props);
  const view = own.view ?? props.view;
  const bar = chosenBar(view, options.type);
  return (
    <Figure
      title="Bytes in memory"
      controls={
        <>
          <ModelControls {...{ options, set, view }} ownName={own.subject?.name} onRead={own.take} />
          <UseControls {...{ options, set, view }} />
        </>
      }
      formula={<Formulas view={view} bits={bitsPerWeight(view, bar)} weights={bar.weights} />}
      sentence={findingOf(view, options).map((piece) =>
        typeof piece === 'string' ? (
          piece
        ) : (
          <span class="num" title={piece.title}>
            {piece.value}
          </span>
        ),
      )}
      table={tableOf(view, options.memory)}
    >
      <Bars view={view} options={options} set={set} />
      <p class="note">{notesOf(view).join(' ')}</p>
    </Figure>
  );
}

/** A config.json of the reader's own: it stays here, and the worker reckons with it whenever the options change. */
function useOwnModel({ options, set, ask }: Props) {
  const [subject, setSubject] = useState<Subject>();
  const [view, setView] = useState<View>();
  const { context, batch, type, all } = options;
  const current = options.model === OWN;
  useEffect(() => {
    if (!subject || !current) return;
    void ask<View>('own', { subject, options }).then((answer) => answer && setView(answer));
  }, [context, batch, type, all]);

  const take = async (given: Subject): Promise<string> => {
    try {
      const answer = await ask<View>('own', { subject: given, options });
      if (!answer) return '';
      setSubject(given);
      setView(answer);
      set({ model: OWN });
      return '';
    } catch (error) {
      return `${given.name}: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  return { subject, view: current ? view : undefined, take };
}

interface ControlsProps {
  options: Options;
  set: Props['set'];
  view: View;
}

interface ModelControlsProps extends ControlsProps {
  ownName: string | undefined;
  onRead(subject: Subject): Promise<string>;
}

function ModelControls({ options, set, view, ownName, onRead }: ModelControlsProps) {
  const items = [
    ...(ownName ? [{ value: OWN, label: ownName, detail: 'your file' }] : []),
    ...NAMES.map((label) => ({ value: idOf(label), label })),
    { value: COUNT, label: 'Any model', detail: 'only a count of weights' },
  ];
  const onParameters = (text: string) => {
    const parameters = parseCount(text);
    if (parameters === undefined) return 'Write a count such as 70B, 1.5B or 350M.';
    set({ model: COUNT, parameters });
    return undefined;
  };
  const chosen = items.some(({ value }) => value === options.model) ? options.model : items[0]!.value;
  return (
    <div class="line">
      <Combobox label="Model" items={items} value={chosen} onChange={(model) => set({ model })} size={18} />
      <TextField label="Parameters" value={whole(view.parameters)} onCommit={onParameters} size={14} unit="or 13B" />
      <ConfigFile onRead={onRead} />
    </div>
  );
}

/** The context goes by powers of two, from 2^8 to 2^20; its field takes any number. */
const contextSteps = { min: 8, max: 20, step: 1 };

function UseControls({ options, set, view }: ControlsProps) {
  const { context, batch, memory, log, all } = options;
  const largest = Math.max(...barsOf(view).map((bar) => totalOf(view, bar)));
  const most = Number((linearAxis(largest).max / 1e9).toPrecision(3));
  const known = view.kvCache !== null;
  const onMemory = (text: string) => {
    const gigabytes = gigabytesOf(text);
    if (gigabytes === undefined) return 'Write a size such as 48 GB, 24 GiB or 512 MB.';
    set({ memory: gigabytes });
    return undefined;
  };
  return (
    <>
      {known && (
        <div class="line">
          <Slider
            label="Context"
            {...contextSteps}
            discrete
            value={Math.log2(context)}
            text=""
            spoken={count(context, 'tokens')}
            onInput={(power) => set({ context: 2 ** Math.round(power) })}
          />
          <NumberField
            label="Context, in tokens"
            hideLabel
            unit="tokens"
            value={context}
            min={1}
            max={2 ** 24}
            whole
            size={8}
            onChange={(value) => set({ context: value })}
          />
          <NumberField
            label="Batch"
            value={batch}
            min={1}
            max={4096}
            whole
            size={4}
            onChange={(value) => set({ batch: value })}
          />
        </div>
      )}
      <div class="line">
        <Slider
          label="Your memory"
          min={0}
          max={most}
          value={Math.min(memory, most)}
          text=""
          spoken={memoryText(memory)}
          onInput={(value) => set({ memory: Number(value.toPrecision(3)) })}
        />
        <TextField label="Your memory, as a size" hideLabel value={memoryText(memory)} onCommit={onMemory} size={8} />
        <Switch label="All formats" checked={all} onChange={(value) => set({ all: value })} />
        <Switch label="Logarithmic" checked={log} onChange={(value) => set({ log: value })} />
      </div>
    </>
  );
}

function Formulas({ view, bits, weights }: { view: View; bits: number; weights: number }) {
  const values = { bits: say(bits), parameters: whole(view.parameters), bytes: decimalBytes(weights) };
  return (
    <>
      <Formula of={formulas.weights!} values={values} />
      {view.cacheParts.map(({ kind, products, bytes }) => (
        <span key={kind} class="formula">
          <Formula of={formulas[kind]!} />
          <span class="formula">
            {products.map((product, i) => (
              <Formula key={i} of={(i === 0 ? formulas.equals : formulas.plus)!} values={{ product }} />
            ))}
            <Formula of={formulas.sum!} values={{ bytes: decimalBytes(bytes) }} />
          </span>
        </span>
      ))}
    </>
  );
}
