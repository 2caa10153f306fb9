import { useFigureId } from '../figure.tsx';

export interface ChoiceItem<T> {
  value: T;
  label: string;
  disabled?: boolean;
  /** Shown on hover; say it in the figure too, where it matters. */
  title?: string;
}

interface RadioGroupProps<T extends string> {
  label: string;
  /** Shows the label in front of the choices. */
  showLabel?: boolean;
  items: readonly (T | ChoiceItem<T>)[];
  value: T;
  onChange(value: T): void;
}

/** A segmented choice of one. Native radio buttons: one tab stop, arrows inside. */
export function RadioGroup<T extends string>({ label, showLabel = false, items, value, onChange }: RadioGroupProps<T>) {
  const name = useFigureId(label);
  return (
    <div class="labelled">
      {showLabel && (
        <span class="label" aria-hidden="true">
          {label}
        </span>
      )}
      <div class="segments" role="radiogroup" aria-label={label}>
        {items.map((given) => {
          const item: ChoiceItem<T> = typeof given === 'string' ? { value: given, label: given } : given;
          return (
            <label key={item.value} class="segment" title={item.title}>
              <input
                type="radio"
                name={name}
                value={item.value}
                checked={item.value === value}
                disabled={item.disabled ?? false}
                autocomplete="off"
                onChange={() => onChange(item.value)}
              />
              <span>{item.label}</span>
            </label>
          );
        })}
      </div>
    </div>
  );
}

interface SwitchProps {
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange(checked: boolean): void;
}

export function Switch({ label, checked, disabled = false, onChange }: SwitchProps) {
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={checked}
      disabled={disabled}
      onClick={() => onChange(!checked)}
    >
      <span class="switch-track" aria-hidden="true" />
      {label}
    </button>
  );
}
