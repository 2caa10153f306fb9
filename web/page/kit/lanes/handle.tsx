import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { keyTarget } from '../controls/slider.tsx';
import type { Axis, Ends } from './axis.ts';

interface HandleProps {
  /** The slider's name: 'Value 7'. */
  name: string;
  value: number;
  /** The axis it moves along, and where on it it stands. */
  x: Pick<Axis, 'invert' | 'step' | 'ends'>;
  at: number;
  spoken: string;
  class?: string;
  onInput(value: number): void;
  /** While it is held, the axis must not move. */
  onHold(ends?: Ends): void;
  onTake?: () => void;
  /** Escape: goes back to what was when the drag or the keys began. Default: the value of then. */
  onUndo?: () => void;
  children: ComponentChildren;
}

/** Part of a drawing that can be dragged along its axis, and is a slider to keys and screen readers. */
export function Handle(props: HandleProps) {
  const { name, value, x, at, spoken, onInput, onHold, onTake, onUndo, children } = props;
  const [min, max] = x.ends;
  const before = useRef({ value, onUndo });
  // What the pointer took hold of may move the axis.
  const grabbed = useRef({ x, from: at, pointer: -1 });
  const input = (to: number) => {
    if (to !== value) onInput(to);
  };
  const remember = () => {
    before.current = { value, onUndo };
  };
  const start = (event: PointerEvent) => {
    const handle = event.currentTarget as SVGElement;
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    remember();
    grabbed.current = { x, from: at - event.clientX, pointer: event.pointerId };
    onHold(x.ends);
    onTake?.();
    event.preventDefault();
  };
  const move = (event: PointerEvent) => {
    if (!(event.currentTarget as SVGElement).hasPointerCapture(event.pointerId)) return;
    const { x: axis, from } = grabbed.current;
    const to = axis.invert(from + event.clientX);
    const step = axis.step(to);
    input(Math.min(max, Math.max(min, Number((Math.round(to / step) * step).toPrecision(12)))));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { value: was, onUndo: undo } = before.current;
    const to = keyTarget(event, { value, min, max, step: x.step(value), before: was });
    if (to === undefined) return;
    event.preventDefault();
    if (event.key !== 'Escape') return input(to);
    // The rest of a drag counts no more.
    const handle = event.currentTarget as SVGElement;
    const { pointer } = grabbed.current;
    if (handle.hasPointerCapture(pointer)) handle.releasePointerCapture(pointer);
    if (undo) undo();
    else input(to);
  };
  return (
    <g
      role="slider"
      tabindex={0}
      class={`handle ${props.class ?? ''}`}
      aria-label={name}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={spoken}
      onFocus={remember}
      onPointerDown={start}
      onPointerMove={move}
      onLostPointerCapture={() => onHold()}
      onKeyDown={onKeyDown}
    >
      {children}
    </g>
  );
}
