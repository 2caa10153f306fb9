import { useRef } from 'preact/hooks';
import { stepOf, stepped } from '../step.ts';

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  /** What one arrow key adds; default the 1-2-5 number nearest to 1/200 of the axis. */
  step?: number;
  /** Only whole steps from `min`, also while dragging. */
  discrete?: boolean;
  /** What is shown beside it, '4 bits'. */
  text: string;
  /** What is spoken: a clause, 'clip at 0.079, 54 % of the maximum'. Default: `text`. */
  spoken?: string;
  /** Labels under the track, at equal distances. */
  ticks?: readonly string[];
  disabled?: boolean;
  onInput(value: number): void;
}

/**
 * A native range. Arrows move one step, Shift or PageUp/PageDown ten, Home and End to the ends; Escape goes back to
 * where the drag or the keys began.
 */
export function Slider(props: SliderProps) {
  const { label, value, min, max, discrete = false, text, spoken = text, ticks, disabled = false, onInput } = props;
  const step = props.step ?? stepOf(min, max);
  const before = useRef(value);
  const filled = max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;

  const onKeyDown = (event: KeyboardEvent) => {
    const to = keyTarget(event, { value, min, max, step, before: before.current });
    if (to === undefined) return;
    event.preventDefault();
    if (to !== value) onInput(to);
  };
  const remember = () => {
    before.current = value;
  };
  return (
    <label class="slider">
      <span class="label">{label}</span>
      <span class="slider-track">
        <svg class="slider-line" aria-hidden="true">
          <rect class="slider-rest" width="100%" height="4" rx="2" />
          <rect class="slider-fill" width={`${+(filled * 100).toFixed(2)}%`} height="4" rx="2" />
        </svg>
        <input
          type="range"
          aria-label={label}
          aria-valuetext={spoken}
          min={min}
          max={max}
          step={discrete ? step : 'any'}
          value={value}
          disabled={disabled}
          autocomplete="off"
          onFocus={remember}
          onPointerDown={remember}
          onKeyDown={onKeyDown}
          onInput={(event) => onInput(Number(event.currentTarget.value))}
        />
        {ticks && (
          <span class="slider-ticks" aria-hidden="true">
            {ticks.map((tick) => (
              <i key={tick}>{tick}</i>
            ))}
          </span>
        )}
      </span>
      <span class="slider-text" aria-hidden="true">
        {text}
      </span>
    </label>
  );
}

interface KeyState {
  value: number;
  min: number;
  max: number;
  step: number;
  before: number;
}

/** Where a key leads; undefined for keys that are not the slider's. Draggable points in a drawing use it too. */
export function keyTarget(event: KeyboardEvent, { value, min, max, step, before }: KeyState): number | undefined {
  const ten = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return stepped(value, step * ten, min, max);
    case 'ArrowLeft':
    case 'ArrowDown':
      return stepped(value, -step * ten, min, max);
    case 'PageUp':
      return stepped(value, step * 10, min, max);
    case 'PageDown':
      return stepped(value, -step * 10, min, max);
    case 'Home':
      return min;
    case 'End':
      return max;
    case 'Escape':
      return before;
    default:
      return undefined;
  }
}
