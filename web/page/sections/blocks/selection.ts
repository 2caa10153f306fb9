// Which bytes a weight has, which weights a byte, and whose a byte is.
import type { Block } from './model.ts';

/** The bits of each weight, low first. */
export const bitsOf = ({ places }: Block, weight: number): number[] => {
  const runs = places[weight]!;
  return runs.flatMap((first, i) => (i % 2 ? [] : Array.from({ length: runs[i + 1]! }, (_, k) => first + k)));
};

export const bytesOf = (block: Block, weight: number): number[] => [
  ...new Set(bitsOf(block, weight).map((bit) => bit >> 3)),
];

const known = new WeakMap<Block, Map<number, number>>();

/** The weight of every bit of a byte, lowest first, the first one where they share it; -1 where none has it. */
export function ownersOf(block: Block, byte: number): number[] {
  let owners = known.get(block);
  if (!owners) {
    owners = new Map();
    for (const weight of block.places.keys())
      for (const bit of bitsOf(block, weight)) if (!owners.has(bit)) owners.set(bit, weight);
    known.set(block, owners);
  }
  return Array.from({ length: 8 }, (_, bit) => owners.get(8 * byte + bit) ?? -1);
}

/** The weights that have a bit of a byte. */
export const weightsOf = (block: Block, byte: number): number[] =>
  [...block.places.keys()].filter((weight) => bytesOf(block, weight).includes(byte));

/** The field that has this byte, or most of it. */
export const fieldAt = ({ fields, kinds }: Block, byte: number) => fields[kinds[byte]!]!;
