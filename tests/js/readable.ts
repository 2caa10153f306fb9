import type { BlockFormat, Fewbits } from 'fewbits';

/** The block formats that the package reads, found by asking. */
export function readableFormats(fewbits: Fewbits): BlockFormat[] {
  return fewbits.blockFormats.filter(({ name: scheme }) => {
    const data = new Uint8Array(0);
    try {
      fewbits.dequantize({ scheme, shape: [0], data, scale: Float32Array.of(1), byteLength: 0, bitsPerWeight: 0 });
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'UNSUPPORTED') return false;
      throw error;
    }
  });
}
