/** Long task texts as a model gets them: the head, the size and a path. Pure. */

/** Bytes of text that go to a model as they are. */
export const inlineTextBytes = 32 * 1024;

/** True when the text must be stored as a file for the model. */
const isLong = (text: string): boolean => Buffer.byteLength(text) > inlineTextBytes;

/** The first `bytes` bytes of `text`, cut between characters. */
export function headOf(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  let end = bytes;
  // A UTF-8 continuation byte is 10xxxxxx: step back to the start of the character.
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return whole.subarray(0, end).toString("utf8");
}

/** What stands in for a long text; `path` is where the model's tools can read the whole. */
export function shortened(text: string, path: string): string {
  if (!isLong(text)) return text;
  const size = Buffer.byteLength(text);
  return `${headOf(text, inlineTextBytes)}\n[cut here: the whole text has ${size} bytes, read it in ${path}]`;
}
