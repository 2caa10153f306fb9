import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { MADE, READ } from '../../kit/block-formats.ts';
import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup, Switch } from '../../kit/controls/choice.tsx';
import { Combobox } from '../../kit/controls/combobox.tsx';
import { Problem } from '../../kit/controls/problem.tsx';
import { Slider } from '../../kit/controls/slider.tsx';
import { useExact } from '../../kit/exact.ts';
import { Figure } from '../../kit/figure.tsx';
import { Formula } from '../../kit/formula.tsx';
import { Num } from '../../kit/number.tsx';
import { count, MINUS, say, whole, write, writeStored } from '../../kit/numbers.ts';
import { BlockDrawing } from './drawing.tsx';
import formulas from './formulas.tex';
import type { Block, Side, View } from './model.ts';
import { type Options, USUAL } from './options.ts';
import { bitsOf, bytesOf, ownersOf, weightsOf } from './selection.ts';
import { Zoom } from './zoom.tsx';

export { options } from './options.ts';

type Props = FigureProps<Options, View>;

export default function Blocks(props: Props) {
  const { options, set, dataset, follow } = props;
  const view = useExact(props);
  const { sides } = view;
  const shown = sides.flatMap(({ block }) => block ?? []);
  const block = sides.at(-1)!.block;
  return (
    <Figure
      title={`Block microscope: ${dataset.name}`}
      controls={<Controls {...{ options, set, follow, view, block }} />}
      formula={shown.map((one) => <Restored key={one.format} block={one} named={shown.length > 1} />)}
      sentence={block && <Finding block={block} noun={dataset.noun} pending={view.pending} />}
      table={block ? tableOf(block) : null}
    >
      {sides.map((side) => (
        <Microscope key={side.format} {...{ side, options, set, follow, dataset }} named={sides.length > 1} />
      ))}
    </Figure>
  );
}

const FORMATS = [...MADE, ...READ].map(([name, family]) => ({ value: name, label: name, detail: family }));

interface ControlsProps extends Pick<Props, 'options' | 'set' | 'follow'> {
  view: View;
  block: Block | undefined;
}

function Controls({ options, set, follow, view, block }: ControlsProps) {
  // At once, though the block comes later.
  const chosen = FORMATS.some(({ value }) => value === options.format) ? options.format : view.sides.at(-1)!.format;
  const choose = (format: string) => set({ format });
  return (
    <>
      <RadioGroup label="Format" items={USUAL} value={chosen as never} onChange={choose} />
      <Combobox label="All formats" items={FORMATS} value={chosen} onChange={choose} size={9} />
      <Switch label="Compare" checked={options.pin !== ''} onChange={(on) => set({ pin: on ? chosen : '' })} />
      {options.pin === chosen && <p class="note">Now choose what {chosen} is compared with.</p>}
      {block && <Steps block={block} follow={follow} />}
    </>
  );
}

/** From block to block: the weight at the same place is followed. */
function Steps({ block, follow }: { block: Block; follow(index: number): void }) {
  const { blocks, size, at, filled, worst } = block;
  // Of keys that come faster than the worker answers, each counts.
  const goal = useRef({ block, to: block.block });
  if (goal.current.block !== block) goal.current = { block, to: block.block };
  const go = (to: number) => {
    goal.current.to = Math.max(0, Math.min(blocks - 1, to));
    follow(goal.current.to * size + Math.min(at, filled - 1));
  };
  const button = (label: string, disabled: boolean, to: () => number) => (
    <button type="button" class="button" disabled={disabled} onClick={() => go(to())}>
      {label}
    </button>
  );
  return (
    <div class="labelled steps">
      <Slider
        label="Block"
        min={0}
        max={blocks - 1}
        step={1}
        discrete
        value={block.block}
        text={`${whole(block.block)} of ${whole(blocks)}`}
        disabled={blocks === 1}
        onInput={go}
      />
      {button('Previous', block.block === 0, () => goal.current.to - 1)}
      {button('Next', block.block === blocks - 1, () => goal.current.to + 1)}
      {button('Worst block', !block.made || block.block === worst, () => worst)}
    </div>
  );
}

interface MicroscopeProps extends Pick<Props, 'options' | 'set' | 'follow' | 'dataset'> {
  side: Side;
  named: boolean;
}

function Microscope({
  side: { format, problem, offer, block },
  options,
  set,
  follow,
  dataset,
  named,
}: MicroscopeProps) {
  const [picked, setPicked] = useState(-1);
  const heading = named && <h3 class="format">{format}</h3>;
  if (!block)
    return (
      <>
        {heading}
        <Problem text={problem} />
        {offer && (
          <button type="button" class="button" onClick={() => set({ flat: true })}>
            Take all weights for equally important
          </button>
        )}
      </>
    );
  const { size, filled, at } = block;
  const onWeight = (weight: number) => follow(block.block * size + Math.min(filled - 1, weight));
  const onByte = (to: number, bit = -1) => {
    setPicked(to);
    if (bit >= 0 && bitsOf(block, at).includes(8 * to + bit)) return;
    const weights = weightsOf(block, to);
    const weight = ownersOf(block, to)[bit] ?? (weights.includes(at) ? at : (weights[0] ?? -1));
    if (weight >= 0 && weight < filled && weight !== at) onWeight(weight);
  };
  const onFlip = (bit: number) => {
    onByte(bit >> 3, bit & 7);
    set({ flips: turned(options.flips, block, bit) });
  };
  // A weight that is chosen elsewhere brings its own byte.
  const weights = weightsOf(block, picked).filter((weight) => weight < filled);
  const valid = picked >= 0 && picked < block.bytes.length && (!weights.length || weights.includes(at));
  const byte = valid ? picked : bytesOf(block, at)[0]!;
  return (
    <>
      {heading}
      <BlockDrawing
        {...{ block, byte, onWeight, onByte }}
        onBlock={(to) => follow(to * size + Math.min(at, filled - 1))}
      />
      <Key block={block} />
      <Zoom {...{ block, byte, onFlip }} />
      <Notes
        block={block}
        row={dataset.shape.at(-1)!}
        flips={flipsOf(options.flips, block)}
        restore={() => set({ flips: null })}
      />
    </>
  );
}

const flipsOf = (flips: Options['flips'], { format, block }: Block) =>
  flips?.format === format && flips.block === block ? flips.bits : [];

/** The flipped bits of this block with one more, or one less. */
function turned(flips: Options['flips'], block: Block, bit: number): Options['flips'] {
  const before = flipsOf(flips, block);
  const bits = before.includes(bit) ? before.filter((one) => one !== bit) : [...before, bit];
  return bits.length ? { format: block.format, block: block.block, bits } : null;
}

interface NotesProps {
  block: Block;
  /** Values of a row of the data. */
  row: number;
  flips: number[];
  restore(): void;
}

const ROLES = { scale: 'scale', minimum: 'zero', code: 'code', sign: 'sign', sum: 'none' } as const;

/** What the bytes are for. */
const Key = ({ block: { fields } }: { block: Block }) => (
  <p class="key">
    {fields.map(({ name, role, bits, count: n }) => (
      <span key={name} class={role}>
        <b class={`r-${ROLES[role]}`}>{name}</b> {role}
        {n > 1 && 's'}: {n > 1 && `${whole(n)} × `}
        {count(bits, 'bits')}
      </span>
    ))}
  </p>
);

function Notes({ block, row, flips, restore }: NotesProps) {
  const { size, filled, tail, beyond, infinite, firstInfinite, shared, blocks } = block;
  const bad = shared.find(({ value }) => !Number.isFinite(value));
  const notes = [
    filled < size && `A block has ${size} weights: the hatched ${whole(size - filled)} are zeros, to fill it.`,
    tail > 0 && `The last ${count(tail, 'values')} are less than a block and left out.`,
    row % size > 0 &&
      blocks > 1 &&
      `Here all numbers are one long row. A file keeps the rows apart: these of ${whole(row)} are no whole blocks of ${size}.`,
    beyond && tail > 0 && 'The followed one is among them: this is its nearest neighbour.',
  ];
  return (
    <>
      {flips.length > 0 && (
        <p class="flips">
          <button type="button" class="button" onClick={restore}>
            Restore {count(flips.length, 'bits')}
          </button>
        </p>
      )}
      <Problem
        text={
          bad &&
          (Number.isNaN(bad.value)
            ? `${bad.name} is NaN: the whole block is.`
            : `This scale exceeds ${bad.as}: the block decodes to infinity.`)
        }
      />
      <Problem
        text={
          infinite > 0 &&
          blocks > 1 &&
          `${count(infinite, 'blocks')} of ${whole(blocks)} decode to infinity: the first is block ${whole(firstInfinite)}.`
        }
      />
      {notes.map((note) => note && <p class="note">{note}</p>)}
    </>
  );
}

/** Symbols first, then the numbers. */
function Restored({ block, named }: { block: Block; named: boolean }) {
  const { terms, shared, code, offset, back, original, at, format } = block;
  const name = Object.keys(terms).find((key) => !/^(q|sc|m|dmin)$/.test(key))!;
  const power = shared.some((one) => one.name === name && one.as === 'float8_e8m0fnu');
  const kind = power ? 'power' : (['dmin', 'sc', 'm'].find((key) => key in terms) ?? 'd');
  const q = terms['q']!;
  const shift = {
    o: offset ? '(' : '',
    k: offset ? `\u00a0${offset > 0 ? MINUS : '+'}\u00a0${whole(Math.abs(offset))})` : '',
  };
  const numbers = {
    ...(offset || !(q < 0) ? shift : { o: '(', k: ')' }),
    d: power ? Math.log2(terms[name]!) : terms[name]!,
    c: factor(terms['sc']),
    q: offset ? whole(code) : write(q, 6),
    m: factor(terms['m']),
    n: terms['dmin'] ?? 0,
  };
  const symbols = { ...shift, d: power ? 'e' : name, c: 'sc', q: 'q', m: 'm', n: 'dmin' };
  return (
    <span class="formula">
      {named && <b class="format">{format}:</b>}
      <Formula of={formulas['x']!} />
      <span class="symbols">
        <Formula of={formulas[kind]!} values={symbols} />
      </span>
      <Formula of={formulas[kind]!} values={numbers} />
      <span class="result">
        <Formula of={formulas['equals']!} values={{ y: writeStored(back) }} />
      </span>
      <p class="note">
        weight {at}
        {block.made && (
          <>
            : original <Num of={original} digits={4} role="original" />, error{' '}
            <Num of={back - original || 0} digits={2} role="error" />
          </>
        )}
        {offset === null && (
          <>
            ; code {whole(code)} stands for <Num of={q} digits={6} role="code" />
          </>
        )}
      </p>
    </span>
  );
}

/** A whole number in the middle of a product. */
const factor = (x = 0) => (x < 0 ? `(${say(x, 6)})` : say(x, 6));

function Finding({ block, noun, pending }: { block: Block; noun: string; pending: boolean }) {
  const { bytes, size, fields, bitsPerWeight, largest, setsScale, used, values, worst, block: here } = block;
  const roles = [...new Set(fields.map(({ role }) => role))];
  const bitsFor = (wanted: string) =>
    fields.reduce((sum, { role, bits, count: n }) => sum + (role === wanted ? bits * n : 0), 0);
  return (
    <>
      <Num of={whole(bytes.length)} /> bytes for <Num of={whole(size)} /> {noun}:{' '}
      {roles.map(
        (role, i): ComponentChildren => (
          <>
            {i > 0 && ', '}
            <Num of={whole(bitsFor(role))} /> {!i && 'bits '}of {role}
          </>
        ),
      )}
      , <Num of={bitsPerWeight} digits={5} /> per weight. This block uses <Num of={whole(used)} />{' '}
      {used === 1 ? 'code' : 'codes'}.{' '}
      {!block.made ? (
        `These bytes are made up: ${block.format} is only read here so far, so that none of the ${noun} went into them.`
      ) : values[largest] ? (
        <>
          Weight <Num of={whole(largest)} /> is the largest{setsScale && ' and set the scale'}.
        </>
      ) : (
        'All its weights are 0.'
      )}{' '}
      {block.made && worst === here && block.blocks > 1 && !pending && 'No other block has a larger error.'}
    </>
  );
}

/** Those that share their scale with the followed one, 64 at most. */
function tableOf(block: Block) {
  const { sub, at, codes, values, restored, steps, filled, format } = block;
  const rows = Math.min(sub, 64);
  const start = Math.floor(at / rows) * rows;
  return {
    caption: `Weights ${start} to ${start + rows - 1} of the block, ${format}; counted from 0`,
    columns: ['weight', 'original', 'code', 'restored', 'error, in steps', 'bytes'],
    rows: Array.from({ length: Math.min(rows, filled - start) }, (_, k) => {
      const i = start + k;
      return [
        whole(i),
        <Num key="original" of={values[i]!} digits={4} role="original" />,
        whole(codes[i]!),
        <Num key="restored" of={restored[i]!} digits={4} role="restored" />,
        <Num key="error" of={steps[i]! / 100} digits={2} role="error" />,
        bytesOf(block, i).join(', '),
      ];
    }),
  };
}
