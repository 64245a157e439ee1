/**
 * A vector as 512 bits whose Hamming distance grows with the angle (SimHash): small and of one size for every
 * model, so that a scan over all memories is short. The few nearest are then compared by their real vectors.
 *
 * Each half is the vector under fixed signs and a fast Hadamard transform, twice: that spreads a vector of few
 * entries over all bits, where the sign of a zero would say nothing. Pure and deterministic: what is written
 * today is compared with what is asked in a year.
 */

export const sketchBits = 512;
const perHalf = sketchBits / 2;

/** `sketchBits / 8` bytes. */
export function sketchOf(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(sketchBits / 8);
  const size = Math.max(perHalf, 2 ** Math.ceil(Math.log2(Math.max(1, vector.length))));
  for (const half of [0, 1]) {
    const values = new Float32Array(size);
    values.set(vector);
    for (const turn of [0, 1]) hadamard(signed(values, 2 * half + turn));
    for (let at = 0; at < perHalf; at += 1) {
      if ((values[at] ?? 0) <= 0) continue;
      const bit = half * perHalf + at;
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return bytes;
}

/** Turns the sign of about every second value, always of the same ones; in place. */
function signed(values: Float32Array, seed: number): Float32Array {
  let state = 0x9e3779b9 ^ seed;
  for (let at = 0; at < values.length; at += 1) {
    // xorshift32 (Marsaglia 2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    if (state < 0) values[at] = -(values[at] ?? 0);
  }
  return values;
}

/** In place; the length is a power of two. */
function hadamard(values: Float32Array): Float32Array {
  for (let half = 1; half < values.length; half *= 2)
    for (let block = 0; block < values.length; block += half * 2)
      for (let at = block; at < block + half; at += 1) {
        const [left, right] = [values[at] ?? 0, values[at + half] ?? 0];
        values[at] = left + right;
        values[at + half] = left - right;
      }
  return values;
}
