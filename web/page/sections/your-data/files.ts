// The files that the workbench makes. Apart from the model, which the page itself does not load.
import type { Options } from './scheme.ts';

export const FILES = {
  json: 'JSON: scheme, scales, codes',
  csv: 'CSV: every row of the table',
  c: 'C array',
  'codes.npy': 'Codes as .npy',
  'restored.npy': 'Restored as .npy',
  'scales.npy': 'Scales as .npy',
  'values.f32': 'Originals as .f32',
} as const;
export type FileKind = keyof typeof FILES;

export interface FileRequest {
  kind: FileKind;
  options: Options;
}

export interface MadeFile {
  name: string;
  blob: Blob;
}
