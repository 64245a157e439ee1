/** A text as the name of a trouble: short, and another one for another text. Pure. */
import { sha256 } from "../../system/sha256.ts";

const hashChars = 64;

/** `text`, or its begin and the hash of all of it. */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text;
  const hash = sha256(text);
  return `${text.slice(0, most - hashChars - 1).toWellFormed()}…${hash}`;
}
