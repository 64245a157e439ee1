/** Long task texts as a model gets them: the head, the size and a path. Pure. */

/** The first `bytes` bytes of `text`, cut between characters. */
export function headOf(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  let end = bytes;
  // A UTF-8 continuation byte is 10xxxxxx: step back to the start of the character.
  while (((whole[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return whole.subarray(0, end).toString("utf8");
}

/** `text`, or what stands in for a long one; `keep` tells where the model's tools can read the whole. */
export function shortened(text: string, bytes: number, keep: () => string | null): string {
  const size = Buffer.byteLength(text);
  if (size <= bytes) return text;
  const path = keep();
  const rest = path === null ? "the rest could not be kept" : `read it in ${path}`;
  return `${headOf(text, bytes)}\n[cut here: the whole text has ${size} bytes, ${rest}]`;
}
