/** The name of a temporary agent: made from the request, its place in it, and the attempt. Pure. */
import { createHash } from "node:crypto";
import { childPrefix } from "../../config/agent.ts";

const letters = "abcdefghijklmnopqrstuvwxyz234567";
const length = 8;

export function childName(request: string, index: number, attempt: number): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([request, index, attempt]))
    .digest();
  // 256 is a multiple of 32, so all letters are as likely.
  const tail = [...hash.subarray(0, length)].map((byte) => letters[byte % letters.length]);
  return `${childPrefix}${tail.join("")}`;
}
