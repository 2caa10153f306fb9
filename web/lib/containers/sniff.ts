// What a file is by its first bytes, whatever its name says.
import type { ModelFormat } from './kinds.ts';
import { isNpy } from './npy.ts';

/** How many first bytes are looked at. */
export const HEAD = 512;

const OTHERS: readonly (readonly [bytes: string, what: string])[] = [
  ['version https://git-lfs', 'a Git LFS pointer; download the real file'],
  ['\x80\x02', 'a Python pickle, which is never opened; save the model as safetensors'],
  ['\x80\x03', 'a Python pickle, which is never opened; save the model as safetensors'],
  ['\x80\x04', 'a Python pickle, which is never opened; save the model as safetensors'],
  ['\x80\x05', 'a Python pickle, which is never opened; save the model as safetensors'],
  ['\x89HDF\r\n', 'an HDF5 file (Keras?); save the model as safetensors or ONNX'],
  ['\x1f\x8b', 'a gzip file; unpack it first'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive; unpack it first'],
  ['BZh', 'a bzip2 file; unpack it first'],
  ['\xfd7zXZ', 'an xz file; unpack it first'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard file; unpack it first'],
  ['FWBPART', 'a part of a conversion; join it with the others (fewbits convert OUT --join PART...)'],
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['%PDF-', 'a PDF document'],
  ['ggml', "a model of 2023, from before GGUF; convert it with llama.cpp's scripts of that time, or take a GGUF"],
  ['lmgg', "a model of 2023, from before GGUF; convert it with llama.cpp's scripts of that time, or take a GGUF"],
  ['tjgg', "a model of 2023, from before GGUF; convert it with llama.cpp's scripts of that time, or take a GGUF"],
  ['fmgg', "a model of 2023, from before GGUF; convert it with llama.cpp's scripts of that time, or take a GGUF"],
  ['\xc2\x93NUMPY', 'a .npy file that went through a text tool, which broke its bytes; copy it again as binary'],
  ['\xff\xfe', 'a text in UTF-16'],
  ['\xfe\xff', 'a text in UTF-16'],
  ['%YAML', 'a YAML text'],
];

const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** A few words on what the bytes are, where they are nothing that is read. */
export function looksLike(head: Uint8Array): string | undefined {
  const text = latin1(head);
  const known = OTHERS.find(([signature]) => text.startsWith(signature));
  if (known) return known[1];
  if (text.slice(4, 8) === 'TFL3') return 'a TFLite model; convert it to ONNX';
  if (text.slice(4, 8) === 'ORTM') return "a model in onnxruntime's own format; take the .onnx that it was made from";
  if (/^\s*<(!doctype|html|\?xml|head|body)/i.test(text)) return 'an HTML page; was the download refused?';
  if (/^[\t\n\r\x20-\x7e]*$/.test(text))
    return /^\s*[{[]/.test(text) ? 'a JSON text; was the download refused?' : 'a text';
  return undefined;
}

/** ModelProto's fields and their wire types, any of which may be the first. */
const ONNX_FIRST = new Set([0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72, 0xa2, 0xca]);

/** A member, or the end record of an empty archive, as the plain one or as zip64's. */
const ZIP = ['PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06'];

const HEADER_LENGTH_MOST = 2n ** 48n;

/** The container, by the first bytes; for ONNX, which has none of its own, by its name too. */
export function sniff(head: Uint8Array, name: string): ModelFormat | 'index' | undefined {
  const text = latin1(head.subarray(0, 16));
  if (text.startsWith('GGUF')) return 'gguf';
  if (isNpy(head)) return 'npy';
  if (ZIP.some((signature) => text.startsWith(signature))) return 'npz';
  if (isSafetensors(head, name)) return 'safetensors';
  if (/\.index\.json$/i.test(name) || /^\s*\{/.test(text)) return 'index';
  if (looksLike(head)) return undefined;
  const first = ONNX_FIRST.has(head[0] ?? 0);
  return first || /\.onnx$/i.test(name) ? 'onnx' : undefined;
}

/** A length, then '{'. A text may have a '{' there too: its length would be absurd. */
function isSafetensors(head: Uint8Array, name: string): boolean {
  if (head.length < 9) return false;
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  const named = /\.safetensors$/i.test(name) && looksLike(head) === undefined;
  return (head[8] === 0x7b && length < HEADER_LENGTH_MOST) || named;
}
