// The library's tables by name: a model asks of thousands of tensors.
import type { BlockFormat, Fewbits } from '../../../lib/types.ts';

export class Formats {
  private readonly blocks: ReadonlyMap<string, BlockFormat>;
  private readonly floating: ReadonlySet<string>;

  constructor({ blockFormats, numberFormats }: Pick<Fewbits, 'blockFormats' | 'numberFormats'>) {
    this.blocks = new Map(blockFormats.map((row) => [row.name, row]));
    this.floating = new Set(numberFormats.filter(({ kind }) => kind === 'floating').map(({ name }) => name as string));
  }

  /** Whether such elements are numbers that lose something in a smaller type. */
  isReal(type: string | null): boolean {
    return type !== null && (this.blocks.has(type) || this.floating.has(type));
  }

  /** Whether rows of such a length can be made of the type; plain numbers suit any. */
  suits(type: string, row: number): boolean {
    const block = this.blocks.get(type);
    return !block || (block.canQuantize && row % block.blockSize === 0);
  }

  /** Whether a tensor can have the type in a GGUF that this library makes. */
  isOfGguf(type: string | null): boolean {
    const block = type === null ? undefined : this.blocks.get(type);
    return block
      ? block.family === 'ggml' && block.canQuantize
      : type === 'float16' || type === 'bfloat16' || type === 'float32';
  }

  /** Bytes of so many weights, which fill their blocks: in GGUF's types. */
  bytesOf(type: string, elements: number): number {
    const block = this.blocks.get(type);
    if (block) return (elements / block.blockSize) * block.blockBytes;
    return elements * (type === 'float32' ? 4 : 2);
  }
}
