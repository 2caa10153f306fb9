// A .npy file as a model of one tensor, which has no name.
import { findElement } from './element.ts';
import { type NpyArray, openNpy } from './npy.ts';
import type { Source } from './source.ts';
import { type Container, PlainData, type StoredTensor, type Tables } from './tensor.ts';
import { digits } from './words.ts';

export async function openNpyModel(source: Source, tables: Tables): Promise<Container> {
  const array = await openNpy(source);
  const tensor = { ...npyTensor(tables, array, '', source.name), data: new PlainData(source, array.byteOffset) };
  const more = array.trailingBytes;
  const notes = more > 0 ? [`${digits(more)} bytes follow the first array and are left out.`] : [];
  return { format: 'npy', metadata: new Map(), tensors: [tensor], notes };
}

export function npyTensor(tables: Tables, array: NpyArray, name: string, file: string): Omit<StoredTensor, 'data'> {
  const { shape, elements, descr, byteLength, bigEndian, fortranOrder, kind, itemBytes } = array;
  // NumPy writes | where the order of bytes means nothing, and < or > elsewhere: the table has the little-endian word.
  const element = findElement(tables, 'npy', `${itemBytes === 1 ? '|' : '<'}${kind}${itemBytes}`)!;
  return { name, shape, elements, storedType: descr, element, byteLength, file, bigEndian, fortranOrder };
}
