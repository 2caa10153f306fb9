// The block as a picture: strip of all blocks, weights on their ladders, what is left over, bytes.
import type { ComponentChildren } from 'preact';
import { keyTarget } from '../../kit/controls/slider.tsx';
import { Drawing, useFigureId } from '../../kit/figure.tsx';
import { unobstructed } from '../../kit/labels.ts';
import { MINUS, say, tickLabels, whole } from '../../kit/numbers.ts';
import type { Block } from './model.ts';
import { type Places, placesOf, tenths } from './places.ts';
import { bitsOf, bytesOf, fieldAt, ownersOf, weightsOf } from './selection.ts';

export interface PartProps {
  block: Block;
  /** The byte that is looked at. */
  byte: number;
  /** Follows a weight of this block. */
  onWeight(weight: number): void;
  /** Looks at a byte, and follows the weight that has this bit of it. */
  onByte(byte: number, bit?: number): void;
  onBlock(block: number): void;
}

export function BlockDrawing(props: PartProps) {
  const { block } = props;
  const { format, size, at, code, original, back } = block;
  const from = Number.isNaN(original) ? '' : `, ${say(original)},`;
  const label = `${whole(size)} weights in ${format}: weight ${at}${from} has the code ${whole(code)} and comes back as ${say(back)}.`;
  return (
    <Drawing label={label} role="group" height={(width) => placesOf(block, width).height}>
      {(width) => {
        const places = placesOf(block, width);
        return (
          <>
            <Strip {...props} places={places} />
            <Weights {...props} places={places} />
            <Threads {...props} places={places} />
            <Bytes {...props} places={places} />
          </>
        );
      }}
    </Drawing>
  );
}

type Part = PartProps & { places: Places };

/** Where in a part of the drawing a pointer is, from 0 to 1. */
function shareOf(event: MouseEvent): number {
  const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
  return Math.min(0.9999, Math.max(0, (event.clientX - left) / width));
}

function Strip({ block: { strip, stripBlocks, block, blocks }, places: { width }, onBlock }: Part) {
  const cell = width / strip.length;
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: by key the slider does it. */}
      <g class="strip" onClick={(event) => onBlock(stripBlocks[Math.floor(shareOf(event) * strip.length)] ?? block)}>
        <rect class="reach" width={width} y="-6" height="28" />
        <rect class="empty" width={width} height="14" rx="3" />
        {strip.length > 1 &&
          strip.map((share, i) => (
            <rect
              class="fill-error"
              x={tenths(i * cell)}
              width={tenths(cell)}
              height="14"
              fill-opacity={(share / 100) ** 2}
            />
          ))}
        <rect class="here" x={tenths((width * (block + 0.5)) / blocks - 2)} y="-3" width="4" height="20" rx="1.5" />
      </g>
      <text class="dim" y="34">
        {blocks === 1
          ? 'The only block.'
          : `Every block from 0 on${strip.length ? ': the stronger, the larger its error' : ''}.`}
      </text>
    </>
  );
}

/** One path: cheap to draw, however many weights there are. */
const pathOf = (count: number, part: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join('');

function Weights({ block, places, onWeight }: Part) {
  const { size, sub, at, filled, values, restored, steps, code, original, back } = block;
  const { x, y, left, right, top, bottom, column, middle } = places;
  const hatch = useFigureId(`padding ${block.format}`);
  const dot = Math.min(9, Math.max(3, 0.8 * column));
  // Where they are dense a rim would hide what is restored.
  const rim = column > 8 ? 2.5 : 0;
  const bar = Math.min(20, Math.max(3, column - 2));
  const finite = (i: number) => Number.isFinite(restored[i]);
  const known = (i: number) => Number.isFinite(values[i]);
  const lengthOf = (i: number) => tenths(Math.max(-1.3, Math.min(1.3, steps[i]! / 50)) * -20);
  const dots = pathOf(filled, (i) => (known(i) ? `M${x(i)} ${y(values[i]!)}h0` : ''));
  const onKeyDown = (event: KeyboardEvent) => {
    const to = keyTarget(event, { value: at, min: 0, max: filled - 1, step: 1, before: at });
    if (to === undefined) return;
    event.preventDefault();
    onWeight(to);
  };
  const start = Math.floor(at / sub) * sub;
  return (
    <g
      role="slider"
      tabindex={0}
      class="weights"
      aria-label="Weight"
      aria-valuemin={0}
      aria-valuemax={filled - 1}
      aria-valuenow={at}
      aria-valuetext={`weight ${at}${Number.isNaN(original) ? '' : `, ${say(original)}`}, code ${whole(code)}, comes back as ${say(back)}`}
      onKeyDown={onKeyDown}
      onClick={(event) => onWeight(Math.min(filled - 1, Math.floor(shareOf(event) * size)))}
    >
      <rect class="reach" x={left} y={top - 8} width={right - left} height={middle + 34 - top} />
      {sub < size && (
        <rect
          class="sub"
          x={left + start * column}
          y={top - 8}
          width={sub * column}
          height={bottom - top + 16}
          rx="4"
        />
      )}
      <Ladders block={block} places={places} />
      <rect
        class="chosen"
        x={tenths(x(at) - Math.max(column, 6) / 2)}
        y={top - 8}
        width={Math.max(column, 6)}
        height={middle + 34 - top}
        rx="5"
      />
      {filled < size && (
        <>
          <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <path class="axis" d="M0 0V6" />
          </pattern>
          <rect
            fill={`url(#${hatch})`}
            x={left + filled * column}
            y={top - 8}
            width={(size - filled) * column}
            height={bottom - top + 16}
          />
        </>
      )}
      <path
        class="gap"
        d={pathOf(filled, (i) => (finite(i) && known(i) ? `M${x(i)} ${y(values[i]!)}V${y(restored[i]!)}` : ''))}
      />
      <path
        class="stroke-restored"
        stroke-width="3"
        d={pathOf(filled, (i) => (finite(i) ? `M${tenths(x(i) - bar / 2)} ${y(restored[i]!)}h${tenths(bar)}` : ''))}
      />
      <path class="dots halo" stroke-width={dot + rim} d={dots} />
      <path class="dots" stroke-width={dot} d={dots} />
      <path class="half" d={`M${left} ${middle - 20}H${right}M${left} ${middle + 20}H${right}`} />
      <path class="axis" d={`M${left} ${middle}H${right}`} />
      <path
        class="stroke-error"
        stroke-width={Math.min(12, Math.max(1, 0.7 * column))}
        d={pathOf(filled, (i) => (steps[i] ? `M${x(i)} ${middle}v${lengthOf(i)}` : ''))}
      />
      <Numbers block={block} places={places} />
    </g>
  );
}

/** The levels of every sub-block; the followed weight's have their codes, and the outer ones their values. */
function Ladders({
  block: { ladders, sub, at },
  places: { narrow, left, right, column, y },
}: Pick<Part, 'block' | 'places'>) {
  const own = ladders[Math.floor(at / sub)]!;
  const line = (_: unknown, i: number) =>
    ladders[i]!.map(([, value]) => `M${tenths(left + i * sub * column)} ${y(value)}h${tenths(sub * column)}`).join('');
  const heights = own.map(([, value]) => y(value));
  const room = own.map(() => 14);
  const ends = [0, own.length - 1];
  const zero = own.findIndex(([, value]) => value === 0);
  const labelled = unobstructed(heights, room, ends);
  const names = tickLabels(own.map(([, value]) => Number(value.toPrecision(2))));
  const valued = unobstructed(
    heights,
    room.map(() => 20),
    zero < 0 ? ends : [...ends, zero],
  );
  return (
    <>
      <path class="grid" d={ladders.map(line).join('')} />
      <path class="axis" d={`M${left} ${y(0)}H${right}`} />
      {own.map(([code], i) => (
        <>
          {own.length > 1 && labelled.has(i) && (
            <text class="code" x={left - 8} y={heights[i]! + 4} text-anchor="end">
              {whole(code)}
            </text>
          )}
          {!narrow && valued.has(i) && (
            <text class="dim" x={right + 8} y={heights[i]! + 4}>
              {names[i]}
            </text>
          )}
        </>
      ))}
    </>
  );
}

/** Under the weights their numbers; beside what is left over its measure. */
function Numbers({
  block: { size, at },
  places: { x, column, middle, narrow, left, right },
}: Pick<Part, 'block' | 'places'>) {
  const every = [1, 4, 16, 32].find((n) => n * column > 20)!;
  const weights = [at, ...Array.from({ length: size / every }, (_, i) => i * every).filter((i) => i !== at)];
  const shown = unobstructed(
    weights.map(x),
    weights.map(() => 24),
    [0],
  );
  const note = (y: number, text: string) => (
    <text class="dim" x={narrow ? left - 4 : right + 8} y={y + 4} text-anchor={narrow ? 'end' : 'start'}>
      {text}
    </text>
  );
  return (
    <>
      {weights.map(
        (i, k) =>
          shown.has(k) && (
            <text key={i} class={i === at ? 'strong' : 'dim'} x={x(i)} y={middle + 50} text-anchor="middle">
              {i}
            </text>
          ),
      )}
      {note(middle - 20, narrow ? '+½' : '+½ step')}
      {!narrow && note(middle, 'error')}
      {note(middle + 20, `${MINUS}½`)}
    </>
  );
}

/** From the followed weight to the bytes that hold its code, in the gaps between others. */
function Threads({ block, places: { x, middle, tiles, tile } }: Part) {
  const from = x(block.at);
  const [high, low] = [middle + 56, tiles - 4];
  const thread = (byte: number) => {
    const { x: at, y, width } = tile(byte);
    const to = y === tiles ? at + width / 2 : at - 2;
    const curve = `M${from} ${high}C${from} ${low} ${to} ${high} ${to} ${low}`;
    return y === tiles ? `${curve}v4` : `${curve}V${y + 8}h2`;
  };
  return <path class="thread" d={bytesOf(block, block.at).map(thread).join('')} />;
}

function Bytes({ block, byte: current, places, onByte }: Part) {
  const { bytes, at, sub, format } = block;
  const owned = bytesOf(block, at);
  const start = Math.floor(at / sub) * sub;
  const neighbours = new Set(Array.from({ length: sub }, (_, i) => bytesOf(block, start + i)).flat());
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -places.columns,
      ArrowDown: places.columns,
      Home: -999,
      End: 999,
    };
    const move = moves[event.key];
    const press = event.key === 'Enter' || event.key === ' ';
    if (!move && !press) return;
    event.preventDefault();
    if (press) return onByte(current, nextBit(block, current));
    const to = Math.max(0, Math.min(bytes.length - 1, current + move!));
    (event.currentTarget as Element).querySelectorAll<SVGElement>('[role=option]')[to]!.focus();
    onByte(to);
  };
  return (
    <g role="listbox" aria-label={`Bytes of the block, ${format}`} aria-orientation="horizontal" onKeyDown={onKeyDown}>
      {bytes.map((value, i) => (
        <Byte
          key={i}
          {...{ block, value, i }}
          kind={`${fieldAt(block, i).role}${sub < block.size && neighbours.has(i) ? ' near' : ''}`}
          current={i === current}
          owned={owned.includes(i)}
          tile={places.tile(i)}
          onPick={(bit) => onByte(i, bit)}
        />
      ))}
    </g>
  );
}

/** A bit of the next weight in a byte that has several. */
function nextBit(block: Block, byte: number): number | undefined {
  const weights = weightsOf(block, byte);
  return ownersOf(block, byte).indexOf(weights[(weights.indexOf(block.at) + 1) % weights.length]!);
}

interface ByteProps {
  block: Block;
  value: number;
  i: number;
  kind: string;
  current: boolean;
  owned: boolean;
  tile: ReturnType<Places['tile']>;
  onPick(bit: number): void;
}

function Byte({ block, value, i, kind, current, owned, tile, onPick }: ByteProps): ComponentChildren {
  const { x, y, width, height } = tile;
  const hex = value.toString(16).toUpperCase().padStart(2, '0');
  const mine = owned ? bitsOf(block, block.at).filter((bit) => bit >> 3 === i) : [];
  return (
    <g
      role="option"
      tabindex={current ? 0 : -1}
      aria-label={`Byte ${i}: ${hex}`}
      aria-selected={current}
      class={`byte ${kind}`}
      onClick={(event) => onPick(7 - Math.floor(8 * shareOf(event)))}
    >
      <rect {...{ x, y, width, height }} rx="5" />
      <path
        class="mine"
        d={mine
          .map((bit) => `M${tenths(x + (width * (7 - (bit & 7))) / 8)} ${y + height - 2.5}h${tenths(width / 8) + 0.2}`)
          .join('')}
      />
      <text x={x + width / 2} y={y + height / 2 + 4.5} text-anchor="middle">
        {hex}
      </text>
    </g>
  );
}
