// A squarified treemap: areas as the sizes, rectangles as square as can be. After M. Bruls, K. Huizing and J. van Wijk,
// "Squarified treemaps" (2000).

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The largest ratio of sides in a row of such areas along a side of `length`. */
function worstRatio(sum: number, largest: number, smallest: number, length: number): number {
  const squared = (sum * sum) / (length * length);
  return Math.max(largest / squared, squared / smallest);
}

/** A rectangle for each size, in their order; sizes come largest first and are above 0. */
export function squarify(sizes: readonly number[], width: number, height: number): Rect[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const areas = sizes.map((size) => (size / total) * width * height);
  const rects: Rect[] = [];
  const left: Rect = { x: 0, y: 0, width, height };
  for (let start = 0; start < areas.length; ) {
    const length = Math.min(left.width, left.height);
    let end = start + 1;
    let sum = areas[start]!;
    // The row takes the next area as long as that makes its rectangles squarer.
    while (
      end < areas.length &&
      worstRatio(sum + areas[end]!, areas[start]!, areas[end]!, length) <=
        worstRatio(sum, areas[start]!, areas[end - 1]!, length)
    )
      sum += areas[end++]!;
    placeRow(areas.slice(start, end), sum, left, rects);
    start = end;
  }
  return rects;
}

/** Lays a row along the shorter side and takes its space away from what is left. */
function placeRow(areas: readonly number[], sum: number, left: Rect, rects: Rect[]): void {
  const upright = left.width >= left.height;
  const depth = sum / (upright ? left.height : left.width) || 0;
  let at = 0;
  for (const area of areas) {
    const length = depth > 0 ? area / depth : 0;
    rects.push(
      upright
        ? { x: left.x, y: left.y + at, width: depth, height: length }
        : { x: left.x + at, y: left.y, width: length, height: depth },
    );
    at += length;
  }
  if (upright) {
    left.x += depth;
    left.width -= depth;
  } else {
    left.y += depth;
    left.height -= depth;
  }
}
