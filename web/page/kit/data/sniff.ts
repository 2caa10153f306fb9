// What a file is by its first bytes, whatever its name says.

const SIGNATURES: readonly [bytes: string, what: string][] = [
  ['\x89PNG\r\n\x1a\n', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['RIFF', 'a WebP picture or a sound file'],
  ['%PDF-', 'a PDF document'],
  ['GGUF', 'a GGUF model file'],
  ['\x89HDF\r\n', 'an HDF5 file; save one array of it as .npy'],
  ["7z\xbc\xaf'\x1c", 'a 7-Zip archive; unpack it first'],
  ['\x1f\x8b\x08', 'a gzip file; unpack it first'],
  ['\x80\x02', 'a Python pickle, which is never opened; save one array as .npy'],
  ['\x80\x03', 'a Python pickle, which is never opened; save one array as .npy'],
  ['\x80\x04', 'a Python pickle, which is never opened; save one array as .npy'],
  ['\x80\x05', 'a Python pickle, which is never opened; save one array as .npy'],
  ['PK\x03\x04', 'a zip archive (.npz, .xlsx or a PyTorch checkpoint); unpack it, or save one array as .npy'],
  ['\xc2\x93NUMPY', 'a .npy file that went through a text tool, which broke its bytes; copy it again as binary'],
  ['version https://git-lfs', 'a Git LFS pointer; download the real file'],
];

/** A few words on what the bytes are, where they are nothing to read as numbers. */
export function looksLike(head: Uint8Array): string | undefined {
  const text = Array.from(head.subarray(0, 512), (byte) => String.fromCharCode(byte)).join('');
  const known = SIGNATURES.find(([signature]) => text.startsWith(signature));
  if (known) return known[1];
  if (text.slice(4, 8) === 'TFL3') return 'a TFLite model';
  if (/^.{8}\{"/s.test(text)) return 'a safetensors model file';
  if (/^\s*<(!doctype|html)/i.test(text)) return 'an HTML page; was the download refused?';
  return undefined;
}

/** UTF-16 says so in its first bytes; other text has no NUL. */
export function textEncoding(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return head.includes(0) ? undefined : 'utf-8';
}
