import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup, Switch } from '../../kit/controls/choice.tsx';
import { Combobox } from '../../kit/controls/combobox.tsx';
import { NumberField, parseNumber, TextField } from '../../kit/controls/field.tsx';
import { Problem } from '../../kit/controls/problem.tsx';
import { Figure } from '../../kit/figure.tsx';
import { Formula } from '../../kit/formula.tsx';
import { Num } from '../../kit/number.tsx';
import { MINUS, whole } from '../../kit/numbers.ts';
import { fieldOf, hasLeadingOne, isSpecial, mantissaBitsOf, worthOf } from './bits.ts';
import { Finding } from './finding.tsx';
import formulas from './formulas.tex';
import type { Reading, View } from './model.ts';
import { OWN, TYPED } from './names.ts';
import type { Options } from './options.ts';
import { Stack, tableOf } from './stack.tsx';
import { Tiles } from './tiles.tsx';

export { options } from './options.ts';

type Props = FigureProps<Options, View>;

export default function Bits({ view, options, set, dataset }: Props) {
  const reading = readingNow(view, options);
  const edit = (format: string, text: string) => set({ edit: { of: dataset.followedValue, format, text } });
  const choose = (format: string) => set({ format });
  const chosen = view.rows.some(({ name }) => name === options.format) ? options.format : reading.name;
  return (
    <Figure
      title="The bits of one of your numbers"
      controls={<Controls {...{ view, options, set, reading, chosen, choose, edit }} />}
      formula={<Formulas reading={reading} number={view.number} />}
      sentence={<Finding view={view} />}
      table={tableOf(view)}
    >
      <Tiles reading={reading} onBits={(bits) => edit(reading.name, bits)} />
      <Stack
        rows={view.rows.filter(({ kind, name }) => kind !== 'integer' || name === chosen)}
        chosen={chosen}
        onChoose={choose}
      />
    </Figure>
  );
}

/** Tiles turn at once; what they mean follows from the worker. */
function readingNow({ rows, at }: View, { edit }: Options): Reading {
  const reading = rows[at]!;
  const current = edit?.format === reading.name && edit.text.length === reading.bits.length;
  return current ? { ...reading, bits: edit.text } : reading;
}

interface ControlsProps extends Pick<Props, 'view' | 'options' | 'set'> {
  reading: Reading;
  chosen: string;
  choose(format: string): void;
  edit(format: string, text: string): void;
}

function Controls({ view, options, set, reading, chosen, choose, edit }: ControlsProps) {
  const { rows, previous, next, gap, text } = view;
  const onNumber = (given: string) => {
    const value = readNumber(given);
    if (typeof value === 'string') return value;
    edit(TYPED, Object.is(value, -0) ? '-0' : String(value));
    return undefined;
  };
  const go = (label: string, bits: string | null) => (
    <button type="button" class="button" disabled={bits === null} onClick={() => edit(reading.name, bits!)}>
      {label}
    </button>
  );
  const items = rows.map(({ name, kind, bits }) => ({ value: name, label: name, detail: detailOf(kind, bits.length) }));
  return (
    <>
      <TextField label="Number" value={text.replace('-', MINUS)} onCommit={onNumber} size={13} />
      <span class="labelled">
        {go('Previous', previous)}
        {go('Next', next)}
      </span>
      <p class="note">
        {reading.name === OWN ? 'your format' : reading.name} stores <Num of={reading.value} digits={10} />
        {gap > 0 && gap < Infinity && (
          <>
            ; the next one up is <Num of={gap} /> away
          </>
        )}
      </p>
      <div class="own">
        <Combobox label="Format" items={items} value={chosen} onChange={choose} size={13} />
        <OwnFormat {...{ view, options, set }} />
      </div>
    </>
  );
}

const detailOf = (kind: string, bits: number) => `${bits} bits${kind === 'integer' ? ', integer' : ''}`;

/** A number, or one of the values that only floats have. */
function readNumber(given: string): number | string {
  const [, minus, word] = /^\s*([-\u2212])?\+?(nan|inf|infinity|∞)\s*$/i.exec(given) ?? [];
  if (!word) return parseNumber(given);
  return /nan/i.test(word) ? Number.NaN : minus ? -Infinity : Infinity;
}

const SPECIALS = [
  { value: 'ieee', label: '∞ and NaN', title: 'ieee: the highest exponent is set aside' },
  { value: 'fn', label: 'NaN', title: 'fn: all ones is NaN, no infinity' },
  { value: 'fnuz', label: 'NaN for −0', title: 'fnuz: no infinity, no negative zero' },
  { value: 'none', label: 'none', title: 'every code is a number' },
] as const;

/** A format of the reader's own, and the row that it adds. */
function OwnFormat({ view, options, set }: Pick<Props, 'view' | 'options' | 'set'>) {
  const { own, sign, exponent, mantissa, bias, specials, format } = options;
  const made = view.rows.find(({ name }) => name === OWN);
  const onExponent = (bits: number) => set({ exponent: bits, bias: bits > 0 ? 2 ** (bits - 1) - 1 : 1 });
  return (
    <>
      <Switch
        label="Design your own"
        checked={own}
        onChange={(on) => set({ own: on, format: on ? OWN : format === OWN ? 'float32' : format })}
      />
      {own && (
        <>
          <Switch label="Sign" checked={sign} onChange={(on) => set({ sign: on })} />
          <NumberField label="Exponent bits" value={exponent} min={0} max={8} whole size={2} onChange={onExponent} />
          <NumberField
            label="Mantissa bits"
            value={mantissa}
            min={0}
            max={23}
            whole
            size={2}
            onChange={(bits) => set({ mantissa: bits })}
          />
          <NumberField
            label="Bias"
            value={bias}
            min={-200}
            max={200}
            whole
            size={4}
            onChange={(value) => set({ bias: value })}
          />
          <RadioGroup
            label="Set aside"
            showLabel
            items={SPECIALS}
            value={specials}
            onChange={(value) => set({ specials: value })}
          />
          <Problem text={view.problem} />
          {made && <OwnFacts made={made} twin={view.twin} />}
        </>
      )}
    </>
  );
}

function OwnFacts({ made: { bits, values, max }, twin }: { made: Reading; twin: string }) {
  return (
    <p class="note">
      {whole(2 ** bits.length)} codes for {whole(values)} numbers, up to <Num of={max} digits={4} />
      {twin && `: code by code the same as ${twin}`}.
    </p>
  );
}

/** Symbols first, then the numbers. */
function Formulas({ reading, number }: { reading: Reading; number: number }) {
  const { kind, value, signBits, bias } = reading;
  const isInteger = kind === 'integer';
  const mantissaBits = mantissaBitsOf(reading);
  // Without mantissa bits there is no third factor, and without the leading 1 the exponent counts as 1.
  const product = formulas.product!.slice(0, mantissaBits ? 3 : 2);
  const one = hasLeadingOne(reading);
  const both = one ? { one: '1' } : { one: '0', e: '1' };
  const symbols = { s: 's', e: 'e', bias: 'bias', m: 'm', M: 'M', ...both };
  const numbers = {
    s: whole(fieldOf(reading, 'sign')),
    e: whole(fieldOf(reading, 'exponent')),
    bias: whole(bias),
    m: whole(fieldOf(reading, 'mantissa')),
    M: whole(mantissaBits),
    ...both,
  };
  return (
    <span class="formula">
      <Formula of={formulas.x!} />
      {isInteger ? (
        <>
          <Formula of={formulas.integer!} values={{ minus: signBits ? MINUS : '' }} />
          <span class="sum r-mantissa">{sumOf(reading)}</span>
        </>
      ) : (
        !isSpecial(reading) && (
          <>
            <span class="symbols">
              <Formula of={product} values={symbols} />
            </span>
            <Formula of={product} values={numbers} />
          </>
        )
      )}
      <span class={`result r-${Object.is(value, number) ? 'original' : 'restored'}`}>
        <Formula of={formulas.equals!} values={{ x: isInteger ? whole(value) : value }} />
      </span>
    </span>
  );
}

/** '= −128 + 64 + 4': what the bits that are 1 are worth. */
const sumOf = (reading: Reading) =>
  `= ${[...reading.bits].flatMap((bit, i) => (bit === '1' ? whole(worthOf(reading, i)) : [])).join(' + ') || 0}`;
