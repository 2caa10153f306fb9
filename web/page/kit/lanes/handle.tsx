import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { keyTarget } from '../controls/slider.tsx';
import type { ScaleLinear } from '../scale.ts';
import { stepOf } from '../step.ts';

interface HandleProps {
  /** The slider's name: 'Value 7'. */
  name: string;
  value: number;
  /** The axis it moves along. */
  x: ScaleLinear<number, number>;
  spoken: string;
  /** One arrow key; default 1/200 of the axis. */
  step?: number;
  /** Default: the axis. */
  limits?: readonly [min: number, max: number];
  class?: string;
  onInput(value: number): void;
  /** While it is held, the axis must not move. */
  onHold(held: boolean): void;
  onTake?: () => void;
  children: ComponentChildren;
}

/** Part of a drawing that can be dragged along its axis, and is a slider to keys and screen readers. */
export function Handle({ name, value, x, spoken, onInput, onHold, onTake, children, ...rest }: HandleProps) {
  const [min, max] = rest.limits ?? (x.domain() as [number, number]);
  const step = rest.step ?? stepOf(min, max);
  const before = useRef(value);
  // What the pointer took hold of may move the axis.
  const grabbed = useRef(x);
  const remember = () => {
    before.current = value;
  };
  const start = (event: PointerEvent) => {
    const handle = event.currentTarget as SVGElement;
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    remember();
    grabbed.current = x;
    onHold(true);
    onTake?.();
    event.preventDefault();
  };
  const move = (event: PointerEvent) => {
    const handle = event.currentTarget as SVGGElement;
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const at = grabbed.current.invert(event.clientX - handle.ownerSVGElement!.getBoundingClientRect().left);
    const snapped = Number((Math.round(at / step) * step).toPrecision(12));
    const to = Math.min(max, Math.max(min, snapped));
    if (to !== value) onInput(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = keyTarget(event, { value, min, max, step, before: before.current });
    if (to === undefined) return;
    event.preventDefault();
    if (to !== value) onInput(to);
  };
  return (
    <g
      role="slider"
      tabIndex={0}
      class={`handle ${rest.class ?? ''}`}
      aria-label={name}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={spoken}
      onFocus={remember}
      onPointerDown={start}
      onPointerMove={move}
      onLostPointerCapture={() => onHold(false)}
      onKeyDown={onKeyDown}
    >
      {children}
    </g>
  );
}
