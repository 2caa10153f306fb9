// Bits one by one: those of a byte, and those of the scale.
import type { ComponentChildren } from 'preact';
import { Num } from '../../kit/number.tsx';
import { count, whole, writeStored } from '../../kit/numbers.ts';
import type { Block, Shared } from './model.ts';
import { bitsOf, fieldAt, weightsOf } from './selection.ts';

interface ZoomProps {
  block: Block;
  byte: number;
  onFlip(bit: number): void;
}

export function Zoom({ block, byte, onFlip }: ZoomProps) {
  const { name, role } = fieldAt(block, byte);
  const weights = weightsOf(block, byte);
  const own = bitsOf(block, block.at);
  const tiles = [7, 6, 5, 4, 3, 2, 1, 0].map((i): Tile => {
    const bit = 8 * byte + i;
    return { bit, name: `bit ${i}`, kind: `${role}${own.includes(bit) ? ' mine' : ''}` };
  });
  return (
    <div class="zoom">
      <div>
        <h3>Byte {byte}, bit by bit</h3>
        <Bits block={block} label={`byte ${byte}`} tiles={tiles} onFlip={onFlip} />
        <p class="note">
          {weights.length
            ? weights.map((weight, i) => (
                <span key={weight}>
                  {i > 0 && ', '}
                  weight {weight}: code <b class="num r-code">{whole(block.codes[weight]!)}</b>
                </span>
              ))
            : `${role} ${name}`}
        </p>
      </div>
      {block.shared.map((shared) => (
        <div key={shared.name}>
          <h3>
            {shared.name}, {shared.as || count(shared.parts[0]!.length, 'bits')}
          </h3>
          <Bits block={block} label={shared.name} tiles={tilesOf(shared)} onFlip={onFlip} />
          <p class="note">
            = <Num of={writeStored(shared.value)} role={shared.role === 'scale' ? 'scale' : 'zero'} />
            {shared.as ? shared.parts.join('').length > 8 && ', its low byte stored first' : togetherOf(block, shared)}
          </p>
        </div>
      ))}
    </div>
  );
}

/** A number in several places is told whole at each. */
const togetherOf = ({ shared }: Block, { name, role }: Shared) => {
  const others = shared.filter((other) => other.role === role && !other.as && other.name !== name);
  return others.map((other) => ` together with ${other.name}`).join('');
};

const PARTS = ['sign', 'exponent', 'mantissa'];

/** Most significant first, as a number is written. */
function tilesOf({ parts, first, as, role }: Shared): Tile[] {
  const kinds = parts.flatMap((part, i) =>
    [...part].map((_, k) => ({ kind: as ? PARTS[i]! : role, place: part.length - 1 - k })),
  );
  return kinds.map(({ kind, place }, i) => ({ bit: first + kinds.length - 1 - i, kind, name: `${kind} bit ${place}` }));
}

interface Tile {
  /** In the block. */
  bit: number;
  name: string;
  kind: string;
}

interface BitsProps {
  block: Block;
  label: string;
  tiles: Tile[];
  onFlip(bit: number): void;
}

/** A switch per bit: one tab stop, arrows inside, Space flips. */
function Bits({ block: { bytes }, label, tiles, onFlip }: BitsProps): ComponentChildren {
  const onKeyDown = (event: KeyboardEvent) => {
    const all = [...(event.currentTarget as Element).children] as HTMLElement[];
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -99, End: 99 };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const to = all.indexOf(document.activeElement as HTMLElement) + move;
    all[Math.max(0, Math.min(all.length - 1, to))]!.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a row of tiles in every browser.
    <div class="bits" role="group" aria-label={`Bits of ${label}`} onKeyDown={onKeyDown}>
      {tiles.map(({ bit, name, kind }, i) => {
        const on = ((bytes[bit >> 3]! >> (bit & 7)) & 1) === 1;
        return (
          <button
            key={bit}
            type="button"
            role="switch"
            aria-checked={on}
            aria-label={name}
            tabIndex={i ? -1 : 0}
            class={`${kind}${on ? ' on' : ''}`}
            onClick={() => onFlip(bit)}
          >
            {Number(on)}
          </button>
        );
      })}
    </div>
  );
}
