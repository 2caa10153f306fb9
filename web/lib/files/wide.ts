// Integers of 64 bits to float32, rounded once.

/** From 2^53 on, doubles do not hold every integer. */
const EXACT_HIGH = 2 ** 21;

/**
 * Low and high halves, the high one signed or not as the array is. A double on the way would round twice: where it cannot
 * hold the integer, the 11 bits that it lacks become one that stays odd if any was set (round to odd), so that rounding the
 * double to float32 gives what rounding the integer would.
 */
export function wideToFloat32(halves: Int32Array | Uint32Array): Float32Array {
  const values = new Float32Array(halves.length / 2);
  for (let i = 0; i < values.length; i++) {
    const low = halves[2 * i]! >>> 0;
    const high = halves[2 * i + 1]!;
    const fits = high < EXACT_HIGH && high >= -EXACT_HIGH;
    const held = fits ? low : ((low & ~0x7ff) | (low & 0x7ff ? 0x800 : 0)) >>> 0;
    values[i] = high * 2 ** 32 + held;
  }
  return values;
}
