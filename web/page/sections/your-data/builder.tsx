import { useContext } from 'preact/hooks';
import { MADE } from '../../kit/block-formats.ts';
import { RadioGroup, Switch } from '../../kit/controls/choice.tsx';
import { Combobox } from '../../kit/controls/combobox.tsx';
import { NumberField, TextField } from '../../kit/controls/field.tsx';
import { shortest } from '../../kit/data/write.ts';
import { FigureContext } from '../../kit/figure.tsx';
import { whole } from '../../kit/numbers.ts';
import {
  ABSMEANS,
  type Builder,
  boundOf,
  FLOATS,
  groupSizeFor,
  groupSizes,
  INTEGERS,
  isAffine,
  isFloat,
  isSigned,
  type Surroundings,
} from './scheme.ts';

interface BuilderProps extends Surroundings {
  /** 'Scheme A'; its controls' ids take it too. */
  name: string;
  builder: Builder;
  set(changes: Partial<Builder>): void;
}

const codes = (type: string) => `${whole(2 ** Number(type.replace(/\D+/, '')))} codes`;

const TYPES = [
  ...INTEGERS.map((type) => ({ value: type, label: type, detail: codes(type) })),
  ...FLOATS.map((type) => ({ value: type, label: type, detail: 'each number by itself, no scale' })),
  ...ABSMEANS.map((type) => ({ value: type, label: type, detail: type.startsWith('t') ? '−1, 0, +1' : 'sign × mean' })),
  ...MADE.map(([type, family]) => ({ value: type, label: type, detail: `blocks, ${family}` })),
];

/** Everything that makes a scheme. What a type does not know is not shown. */
export function SchemeBuilder({ name, builder, set, shape, absmax }: BuilderProps) {
  const { type } = builder;
  const surroundings = useContext(FigureContext);
  return (
    <FigureContext.Provider
      value={{ ...surroundings, name: `${surroundings.name}-${name.toLowerCase().replace(' ', '-')}` }}
    >
      <fieldset class="builder">
        <legend>{name}</legend>
        <div class="line">
          <Combobox label="Type" items={TYPES} value={type} onChange={(value) => set({ type: value })} size={16} />
          {isFloat(type) && (
            <Switch label="Saturate" checked={builder.saturate} onChange={(saturate) => set({ saturate })} />
          )}
        </div>
        {isAffine(type) && (
          <>
            <Range builder={builder} set={set} />
            <Groups builder={builder} set={set} shape={shape} />
            <Calibration builder={builder} set={set} absmax={absmax} />
            <div class="line">
              <RadioGroup
                label="Rounding"
                showLabel
                items={[
                  { value: 'onnxruntime', label: 'ONNX Runtime', title: 'x / scale, half to even' },
                  { value: 'pytorch', label: 'PyTorch', title: 'x × (1 / scale), half to even' },
                ]}
                value={builder.rounding}
                onChange={(rounding) => set({ rounding })}
              />
            </div>
          </>
        )}
      </fieldset>
    </FigureContext.Provider>
  );
}

type PartProps<K extends keyof BuilderProps = 'set'> = Pick<BuilderProps, 'builder' | 'set' | K>;

function Range({ builder, set }: PartProps) {
  const { type, symmetric, narrow, zero } = builder;
  return (
    <div class="line">
      <RadioGroup
        label="Range"
        showLabel
        items={['symmetric', 'asymmetric']}
        value={symmetric ? 'symmetric' : 'asymmetric'}
        onChange={(value) => set({ symmetric: value === 'symmetric' })}
      />
      {symmetric && isSigned(type) && (
        <Switch label="Narrow range" checked={narrow} onChange={(checked) => set({ narrow: checked })} />
      )}
      {!symmetric && <Switch label="Include zero" checked={zero} onChange={(checked) => set({ zero: checked })} />}
    </div>
  );
}

function Groups({ builder, set, shape }: PartProps<'shape'>) {
  const { per, axis, group } = builder;
  const rank = shape.length;
  const used = Math.min(axis, rank - 1);
  const length = shape[used] ?? 1;
  const size = groupSizeFor(length, group);
  return (
    <div class="line">
      <RadioGroup
        label="One scale per"
        showLabel
        items={[
          { value: 'tensor', label: 'tensor' },
          { value: 'channel', label: 'channel', disabled: rank < 2, title: rank < 2 ? 'One row has no channels' : '' },
          { value: 'group', label: 'group' },
        ]}
        value={per}
        onChange={(value) => set({ per: value })}
      />
      {per !== 'tensor' && rank > 1 && (
        <NumberField
          label={`Axis, 0 to ${rank - 1}`}
          value={used}
          min={0}
          max={rank - 1}
          whole
          size={2}
          onChange={(value) => set({ axis: value })}
        />
      )}
      {per === 'group' && (
        <RadioGroup
          label="Group size"
          showLabel
          items={groupSizes(length).map(String)}
          value={String(size)}
          onChange={(value) => set({ group: Number(value) })}
        />
      )}
    </div>
  );
}

const CALIBRATIONS = [
  { value: 'minmax', label: 'min–max' },
  { value: 'percentile', label: 'percentile' },
  { value: 'mse', label: 'MSE' },
  { value: 'entropy', label: 'entropy' },
  { value: 'hand', label: 'by hand' },
] as const;

function Calibration({ builder, set, absmax }: PartProps<'absmax'>) {
  const { calibration, percentile, low, high } = builder;
  const bounds = { low: boundOf(low, absmax), high: boundOf(high, absmax) };
  const bound = (key: 'low' | 'high', label: string) => (
    <TextField
      label={label}
      value={shortest(bounds[key])}
      size={9}
      inputMode="decimal"
      onCommit={(text) => {
        const value = Number(text.trim().replaceAll(',', '').replace('−', '-'));
        if (text.trim() === '' || !Number.isFinite(value)) return `“${text}” is not a number.`;
        const ends = { ...bounds, [key]: value };
        if (!(ends.low <= ends.high)) return 'The range must not end before it begins.';
        set({ [key]: value / (absmax || 1) });
        return undefined;
      }}
    />
  );
  return (
    <div class="line">
      <RadioGroup
        label="Calibration"
        showLabel
        items={CALIBRATIONS}
        value={calibration}
        onChange={(value) => set({ calibration: value })}
      />
      {calibration === 'percentile' && (
        <NumberField
          label="Percentile"
          value={percentile}
          min={0.001}
          max={100}
          size={6}
          unit="%"
          onChange={(value) => set({ percentile: value })}
        />
      )}
      {calibration === 'hand' && (
        <>
          {bound('low', 'From')}
          {bound('high', 'To')}
        </>
      )}
    </div>
  );
}
