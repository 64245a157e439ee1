/** A list of what was done in messages that are dropped. Pure. */
import type { Message } from "../../model/types.ts";
import { callNames, droppedText, lineOf } from "./render.ts";
import type { CountText } from "./tokens.ts";

/** Of one text in the list. */
const lineChars = 120;
/** Line breaks, and tokens that end otherwise where texts are joined. */
const joint = 3;

/** At most `room` tokens. What was no call, e.g. an earlier summary, gets half of it; then the latest calls. */
export function doneText(
  messages: readonly Message[],
  bounds: { readonly room: number; readonly countText: CountText; readonly nonce: string },
): string {
  const { room, countText, nonce } = bounds;
  const names = callNames(messages);
  const frame = countText(droppedText([JSON.stringify({ left_out: messages.length })], nonce));
  let left = Math.floor(0.95 * room) - frame;
  const chosen = new Map<number, string>();
  const choose = (at: number, line: string): boolean => {
    const tokens = countText(line) + joint;
    if (tokens > left) return false;
    left -= tokens;
    chosen.set(at, line);
    return true;
  };
  const told = messages.flatMap(({ role }, at) => (role === "user" ? [at] : [])).slice(-3);
  for (const at of told) {
    const message = messages[at];
    // A character has no more than four tokens.
    for (let chars = 2 * room; message !== undefined && chars >= lineChars; chars >>= 1) {
      const line = lineOf(message, names, chars);
      if (countText(line) <= room / 2 / told.length && choose(at, line)) break;
    }
  }
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at];
    if (message === undefined || chosen.has(at)) continue;
    if (!choose(at, lineOf(message, names, lineChars))) break;
  }
  const missing = messages.length - chosen.size;
  const lines = [...chosen].sort(([a], [b]) => a - b).map(([, line]) => line);
  const first = missing === 0 ? [] : [JSON.stringify({ left_out: missing })];
  return droppedText([...first, ...lines], nonce);
}
