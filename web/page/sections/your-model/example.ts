// The guide's own model as a file, like one that a reader would open.
import { MODEL_NAME, type StoredTensor, TENSORS } from '../../kit/data/examples.ts';

const bytesOf = ({ shape }: StoredTensor) => shape.reduce((product, size) => product * size, 4);

/** The stored weights with a safetensors header in front. */
export function exampleFile(weights: ArrayBuffer): File {
  const entries = TENSORS.map((tensor) => {
    const { name, shape, byteOffset } = tensor;
    return [name, { dtype: 'F32', shape, data_offsets: [byteOffset, byteOffset + bytesOf(tensor)] }];
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.length), true);
  return new File([length, header, weights], `${MODEL_NAME}-x2.safetensors`);
}
