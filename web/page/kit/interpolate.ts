// What d3-scale needs of d3-interpolate where scales map numbers to numbers; the build puts it in that package's place.
export const interpolateNumber = (a: number, b: number) => (t: number) => a * (1 - t) + b * t;

export const interpolateRound = (a: number, b: number) => (t: number) => Math.round(a * (1 - t) + b * t);

export { interpolateNumber as interpolate, interpolateNumber as interpolateValue };

export function piecewise(): never {
  throw new Error('Scales between more than two numbers are not part of this page.');
}
