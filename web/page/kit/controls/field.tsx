import { useEffect, useState } from 'preact/hooks';
import { useFigureId } from '../figure.tsx';
import { MINUS } from '../numbers.ts';

interface TextFieldProps {
  label: string;
  hideLabel?: boolean;
  value: string;
  /** Takes what was typed; gives back a sentence where it cannot, and the last good state stays. */
  onCommit(text: string): string | undefined;
  /** Room for so many characters. */
  size?: number;
  /** After the field: 'GB'. */
  unit?: string;
  inputMode?: 'text' | 'decimal' | 'numeric';
  disabled?: boolean;
}

/** A line of text that counts on Enter and when it is left; Escape gives back what was there. */
export function TextField(props: TextFieldProps) {
  const { label, hideLabel = false, value, onCommit, size = 10, unit, inputMode = 'text', disabled = false } = props;
  const [draft, setDraft] = useState(value);
  const [problem, setProblem] = useState<string>();
  const problemId = useFigureId(`${label} problem`);
  useEffect(() => {
    setDraft(value);
    setProblem(undefined);
  }, [value]);

  const commit = () => {
    if (draft === value) return setProblem(undefined);
    const refused = onCommit(draft);
    setProblem(refused);
    if (refused === undefined) setDraft(value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') commit();
    if (event.key === 'Escape' && draft !== value) {
      event.preventDefault();
      setDraft(value);
      setProblem(undefined);
    }
  };
  return (
    <span class="labelled">
      <label class="labelled">
        <span class={hideLabel ? 'hidden' : 'label'}>{label}</span>
        <input
          class="field"
          type="text"
          size={size}
          value={draft}
          inputMode={inputMode}
          disabled={disabled}
          autocomplete="off"
          spellcheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby={problem ? problemId : undefined}
          onInput={(event) => {
            setDraft(event.currentTarget.value);
            // Not only when it is left: what stands below would move away from the pointer.
            setProblem(undefined);
          }}
          onKeyDown={onKeyDown}
          onBlur={commit}
        />
        {unit && <span class="unit">{unit}</span>}
      </label>
      {problem && (
        <span class="problem" id={problemId} role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

interface NumberFieldProps extends Omit<TextFieldProps, 'value' | 'onCommit' | 'inputMode'> {
  value: number;
  min?: number;
  max?: number;
  whole?: boolean;
  onChange(value: number): void;
}

/** A number. Commas between thousands and a typeset minus are read as what they mean. */
export function NumberField({ value, min, max, whole = false, onChange, ...rest }: NumberFieldProps) {
  const onCommit = (text: string) => {
    const result = parseNumber(text, { min, max, whole });
    if (typeof result === 'string') return result;
    onChange(result);
    return undefined;
  };
  return <TextField {...rest} value={typed(value)} onCommit={onCommit} inputMode={whole ? 'numeric' : 'decimal'} />;
}

interface Limits {
  min?: number | undefined;
  max?: number | undefined;
  whole?: boolean;
}

/** All its digits, as a field shows and reads them. */
const typed = (x: number) => String(x).replace(/-/g, MINUS);

/** The number, or a sentence that says why it is none. */
export function parseNumber(text: string, { min = -Infinity, max = Infinity, whole = false }: Limits = {}) {
  const cleaned = text
    .trim()
    .replace(/\u2212/g, '-')
    .replace(/(?<=\d),(?=\d{3}(?!\d))/g, '');
  const value = Number(cleaned);
  if (cleaned === '' || !Number.isFinite(value)) return `“${text.trim()}” is not a number.`;
  if (whole && !Number.isInteger(value)) return 'This needs a whole number.';
  if (value < min) return `The least is ${typed(min)}.`;
  if (value > max) return `The most is ${typed(max)}.`;
  return value;
}
