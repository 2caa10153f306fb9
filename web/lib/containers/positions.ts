// The order of elements in files that store columns first.

/** Positions in row-major order of an array whose first axis runs fastest, as they come. */
export function fortranPositions(shape: readonly number[]): () => number {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  let position = 0;
  return () => {
    const current = position;
    for (let axis = 0; axis < shape.length; axis++) {
      position += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
    return current;
  };
}
