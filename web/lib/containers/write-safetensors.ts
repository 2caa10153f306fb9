// safetensors as the library (0.8.0) writes it: widest types first, then by name; compact JSON; padded with spaces.
import { align, type FilePlan, type Placed } from './write.ts';

export interface SafetensorsTensor {
  name: string;
  dtype: string;
  /** Slowest dimension first. */
  shape: readonly number[];
  byteLength: number;
}

/** In the library's order of its types, turned around: the widest come first, so that each is aligned to its own size. */
const ORDER: readonly string[] = [
  ...['U64', 'I64', 'F64', 'C64', 'F32', 'U32', 'I32', 'BF16', 'F16', 'U16', 'I16'],
  ...['F8_E5M2FNUZ', 'F8_E4M3FNUZ', 'F8_E8M0', 'F8_E4M3', 'F8_E5M2', 'I8', 'U8', 'F6_E3M2', 'F6_E2M3', 'F4', 'BOOL'],
];

const encoder = new TextEncoder();

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

export function planSafetensors(
  tensors: readonly SafetensorsTensor[],
  metadata: ReadonlyMap<string, string> | undefined,
): FilePlan {
  const keyed = tensors.map(({ name, dtype }, index) => ({
    index,
    rank: ORDER.indexOf(dtype),
    name: encoder.encode(name),
  }));
  keyed.sort((a, b) => a.rank - b.rank || compareBytes(a.name, b.name));
  let end = 0;
  const entries: string[] = [];
  const placed: Placed[] = [];
  if (metadata) {
    const pairs = [...metadata].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    entries.push(`"__metadata__":{${pairs.join(',')}}`);
  }
  for (const { index } of keyed) {
    const { name, dtype, shape, byteLength } = tensors[index]!;
    const offsets = [end, end + byteLength];
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: offsets })}`);
    placed.push({ index, byteOffset: end, byteLength });
    end += byteLength;
  }
  const json = encoder.encode(`{${entries.join(',')}}`);
  const head = new Uint8Array(8 + align(json.length, 8)).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(json, 8);
  for (const place of placed) place.byteOffset += head.length;
  return { head, placed, byteLength: head.length + end };
}
