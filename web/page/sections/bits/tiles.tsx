import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { MINUS, whole, write } from '../../kit/numbers.ts';
import {
  type Field,
  type FieldName,
  fieldOf,
  fieldsOf,
  hasLeadingOne,
  isSpecial,
  mantissaBitsOf,
  powerOf,
  worthOf,
} from './bits.ts';
import type { Reading } from './model.ts';

interface TilesProps {
  reading: Reading;
  onBits(bits: string): void;
}

/** A tile per bit. Click or drag to paint; one tab stop, arrows inside, Space flips, 0 and 1 write and go on. */
export function Tiles({ reading, onBits }: TilesProps) {
  const { bits, kind, name } = reading;
  const box = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  const stroke = useRef<{ bit: string; before: string } | null>(null);
  const latest = useRef(bits);
  latest.current = bits;

  const tiles = () => [...box.current!.querySelectorAll('button')];
  const put = (i: number, bit: string) => {
    if (latest.current[i] === bit) return;
    latest.current = latest.current.slice(0, i) + bit + latest.current.slice(i + 1);
    onBits(latest.current);
  };
  const opposite = (i: number) => (latest.current[i] === '1' ? '0' : '1');
  const tileUnder = ({ clientX, clientY }: PointerEvent) =>
    tiles().indexOf(document.elementFromPoint(clientX, clientY)?.closest('button') as HTMLButtonElement);

  const onKeyDown = (event: KeyboardEvent) => {
    const i = tiles().indexOf(document.activeElement as HTMLButtonElement);
    const moves: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -8,
      ArrowDown: 8,
      Home: -64,
      End: 64,
    };
    const writes = event.key === '0' || event.key === '1';
    if (event.ctrlKey || event.metaKey || event.altKey || !(writes || event.key in moves)) return;
    event.preventDefault();
    if (writes) put(i, event.key);
    const to = i + (writes ? 1 : moves[event.key]!);
    tiles()[Math.max(0, Math.min(bits.length - 1, to))]!.focus();
  };
  const start = (event: PointerEvent) => {
    const i = tileUnder(event);
    if (i < 0 || event.button !== 0) return;
    stroke.current = { bit: opposite(i), before: bits };
    tiles()[i]!.focus({ preventScroll: true });
    put(i, stroke.current.bit);
  };
  const paint = (event: PointerEvent) => {
    const i = stroke.current && event.buttons ? tileUnder(event) : -1;
    if (i >= 0) put(i, stroke.current!.bit);
  };
  const stop = () => {
    stroke.current = null;
  };
  /** The finger was going to scroll. */
  const giveUp = () => {
    if (stroke.current) onBits(stroke.current.before);
    stop();
  };
  const active = Math.min(current, bits.length - 1);
  let i = 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a grid of tiles in every browser.
    <div
      ref={box}
      class={`tiles ${bits.length > 16 ? 'many' : bits.length > 8 ? 'some' : 'few'} ${kind}`}
      role="group"
      aria-label={`Bits of ${name}`}
      onKeyDown={onKeyDown}
      onPointerDown={start}
      onPointerMove={paint}
      onPointerUp={stop}
      onPointerCancel={giveUp}
    >
      {fieldsOf(reading).map((field) => (
        <div class="field-of-bits" key={field.name}>
          <div class="row-of-bits">
            {[...field.bits].map((bit, k) => {
              const at = i++;
              return (
                <button
                  key={k}
                  type="button"
                  role="switch"
                  aria-checked={bit === '1'}
                  aria-label={nameOf(reading, field, k, at)}
                  tabIndex={at === active ? 0 : -1}
                  class={`bit ${field.name} ${bit === '1' ? 'on' : ''}`}
                  onFocus={() => setCurrent(at)}
                  // A pointer has painted already; this is the keyboard, or a screen reader.
                  onClick={(event) => event.detail === 0 && put(at, opposite(at))}
                >
                  {bit}
                  {kind === 'integer' && <Worth of={worthOf(reading, at)} many={bits.length > 8} />}
                </button>
              );
            })}
          </div>
          {kind !== 'integer' && (
            <p class={`meaning ${field.name}`}>
              <Meaning of={field.name} reading={reading} />
            </p>
          )}
        </div>
      ))}
    </div>
  );
}

/** Bits count from 0, from the right. */
function nameOf(reading: Reading, { name, bits }: Field, k: number, at: number): string {
  if (reading.kind === 'integer') return `bit ${reading.bits.length - 1 - at}, worth ${whole(worthOf(reading, at))}`;
  return bits.length === 1 ? name : `${name} bit ${bits.length - 1 - k}`;
}

/** As powers where there is no room. */
function Worth({ of, many }: { of: number; many: boolean }) {
  const power = (
    <>
      {of < 0 && MINUS}2<sup>{Math.log2(Math.abs(of))}</sup>
    </>
  );
  return <small>{many ? power : whole(of)}</small>;
}

/** What the field does, and how that comes from its bits. */
function Meaning({ of, reading }: { of: FieldName; reading: Reading }) {
  const { signBits, bias } = reading;
  const field = fieldOf(reading, of);
  const said = (does: ComponentChildren, how: ComponentChildren) => (
    <>
      <b class={`num r-${of}`}>{does}</b>{' '}
      <span>
        {of}
        {how}
      </span>
    </>
  );
  if (of === 'sign') return said(field ? MINUS : '+', '');
  if (isSpecial(reading)) return said(whole(field), ': set aside');
  const one = hasLeadingOne(reading);
  if (of === 'exponent') {
    const power = whole(powerOf(reading));
    const does = (
      <>
        {signBits ? '× 2' : '2'}
        <sup>{power}</sup>
      </>
    );
    const taken = one ? whole(field) : '0, taken as 1';
    return said(does, `: ${taken} ${bias < 0 ? '+' : MINUS} ${Math.abs(bias)} = ${power}`);
  }
  const mantissaBits = mantissaBitsOf(reading);
  return said(
    `× ${write(field / 2 ** mantissaBits + Number(one), 8).digits}`,
    <>
      {`: ${one ? '1 + ' : ''}${whole(field)} / 2`}
      <sup>{mantissaBits}</sup>
      {!one && ', no leading 1'}
    </>,
  );
}
