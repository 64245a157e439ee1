/**
 * The embedder that needs no model, no network and no key: words and the letter triples inside them, hashed
 * into a vector (signed feature hashing). Deterministic on every machine.
 *
 * It knows no meanings. It finds other forms of a word, misspellings and parts of names, which exact words miss.
 */
import { queryWords } from "./text.ts";
import type { Embedder } from "./types.ts";

const dimensions = 256;
/** Words beyond these no longer change what a text is about. */
const maxWords = 1024;

export const lexicalEmbedder: Embedder = {
  model: "con/lexical-1",
  dimensions,
  // Over 8,000 paragraphs and five-word questions, 99 % of all pairs lie below.
  floor: 0.25,
  embed: async (texts) => texts.map(lexicalVector),
};

/** Of length 1; all zero for a text without words. */
export function lexicalVector(text: string): Float32Array {
  const counts = new Map<string, number>();
  const add = (feature: string) => counts.set(feature, (counts.get(feature) ?? 0) + 1);
  for (const word of queryWords(text.slice(0, maxWords * 8)).slice(0, maxWords)) {
    add(`w${word}`);
    const signs = [...`^${word}$`];
    for (let at = 2; at < signs.length; at += 1)
      add(`${signs[at - 2]}${signs[at - 1]}${signs[at]}`);
  }
  const vector = new Float32Array(dimensions);
  for (const [feature, count] of counts) {
    const hash = hashOf(feature);
    const at = hash % dimensions;
    // A repetition says little more.
    const weight = 1 + Math.log(count);
    vector[at] = (vector[at] ?? 0) + (hash >>> 31 === 0 ? weight : -weight);
  }
  return normalised(vector);
}

/** FNV-1a, with a round of murmur's finish because its low bits mix poorly. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** `vector` scaled to length 1, in place; one of only zeros stays so. */
export function normalised(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0 || !Number.isFinite(sum)) return vector.fill(0);
  const scale = 1 / Math.sqrt(sum);
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) * scale;
  return vector;
}
