// What decides about the types: one for all, a recipe, or a size to meet; and into which format.
import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup } from '../../kit/controls/choice.tsx';
import { Combobox } from '../../kit/controls/combobox.tsx';
import { TextField } from '../../kit/controls/field.tsx';
import { Slider } from '../../kit/controls/slider.tsx';
import { decimalBytes, whole } from '../../kit/numbers.ts';
import { bytesOf } from '../../kit/sizes.ts';
import { type Options, PLAIN_TYPES, RECIPES, TYPES, type View } from './options.ts';

const ONLY_GGUF = 'Only GGUF has block formats.';

interface TypeControlsProps {
  view: View;
  options: Options;
  set: FigureProps<Options, View>['set'];
  choose(index: undefined): void;
}

export function TypeControls({ view, options, set, choose }: TypeControlsProps) {
  const { to, by } = options;
  const isGguf = to === 'gguf';
  const recipeProblem = isGguf ? view.recipeProblem : ONLY_GGUF;
  return (
    <>
      <div class="line">
        <RadioGroup
          label="Into"
          showLabel
          items={[
            { value: 'gguf', label: 'GGUF' },
            { value: 'safetensors', label: 'safetensors' },
          ]}
          value={to}
          onChange={(value) => set({ to: value })}
        />
        <RadioGroup
          label="Types by"
          showLabel
          items={[
            { value: 'type', label: 'one for all' },
            { value: 'recipe', label: 'recipe', disabled: recipeProblem !== '', title: recipeProblem },
            { value: 'size', label: 'target size', disabled: !isGguf, title: isGguf ? '' : ONLY_GGUF },
          ]}
          value={isGguf ? by : 'type'}
          onChange={(value) => set({ by: value })}
        />
        {!isGguf && (
          <Choice label="Type" items={PLAIN_TYPES} value={options.plain} onChange={(plain) => set({ plain })} />
        )}
        {isGguf && by === 'type' && (
          <Choice label="Type" items={TYPES} value={options.type} onChange={(type) => set({ type })} />
        )}
        {isGguf && by === 'recipe' && (
          <Choice label="Recipe" items={RECIPES} value={options.recipe} onChange={(recipe) => set({ recipe })} />
        )}
        {view.chosen > 0 && (
          <button type="button" class="button" onClick={() => choose(undefined)}>
            {view.chosen === 1 ? 'Undo your choice' : `Undo your ${whole(view.chosen)} choices`}
          </button>
        )}
      </div>
      {isGguf && recipeProblem && <p class="note">{recipeProblem}</p>}
      {view.reach && <TargetSize reach={view.reach} weights={view.weights} set={set} />}
    </>
  );
}

interface ChoiceProps {
  label: string;
  items: readonly string[];
  value: string;
  onChange(value: string): void;
}

function Choice({ label, items, value, onChange }: ChoiceProps) {
  return (
    <Combobox
      label={label}
      items={items.map((item) => ({ value: item, label: item }))}
      size={12}
      {...{ value, onChange }}
    />
  );
}

interface TargetSizeProps {
  reach: NonNullable<View['reach']>;
  weights: number;
  set: TypeControlsProps['set'];
}

function TargetSize({ reach: { least, most, target }, weights, set }: TargetSizeProps) {
  const take = (bytes: number) => set({ size: (8 * bytes) / weights });
  const onCommit = (text: string) => {
    const bytes = bytesOf(text, 1);
    if (bytes === undefined) return 'Write a size such as 4.2 GB, 700 MB or 150 kB.';
    if (bytes < least) return `The smallest is ${decimalBytes(least)}, ${whole(least)} bytes.`;
    take(bytes);
    return undefined;
  };
  return (
    <div class="line">
      <Slider
        label="Target size"
        min={least}
        max={Math.max(most, least + 1)}
        value={target}
        text=""
        spoken={`at most ${decimalBytes(target)}`}
        onInput={take}
      />
      <TextField label="Target size, in words" hideLabel value={decimalBytes(target)} onCommit={onCommit} size={9} />
    </div>
  );
}
