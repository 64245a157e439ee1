/**
 * Texts cut into parts and put together again, so that each question fits a model's window. Pure.
 *
 * Never: loses a character, head and tail included, or cuts one in two.
 */

/** A text and what it is, e.g. a path. */
export interface Part {
  readonly title: string;
  readonly text: string;
}

/** As agent/context/window.ts takes it where con.yaml does not say how large a window is. */
const unknownWindow = 32_768;
const usualOutput = 8192;
/** Prompt, instruction, titles. */
const besides = 2000;
/** Few texts have more tokens than that; where one has, its part is halved. */
const bytesPerToken = 2.5;
const leastRoom = 6000;
const mostRoom = 500_000;

/** Bytes of data that one question to a model with this window may hold. */
export function roomFor(window: number | null): number {
  const whole = window ?? unknownWindow;
  const answer = Math.min(usualOutput, whole / 4);
  const tokens = 0.9 * (whole - answer) - Math.min(besides, whole / 4);
  return Math.max(leastRoom, Math.min(mostRoom, Math.floor(tokens * bytesPerToken)));
}

/** Portions of one text that are read at most; of a longer text head and tail are. */
const mostPortions = 64;
const mostBytes = 16 * 1024 * 1024;

export const mostBytesFor = (window: number | null): number =>
  Math.min(mostBytes, mostPortions * roomFor(window));

/** Less than half of the room must not be tried for ever. */
export const halfOf = (room: number): number | null =>
  room <= leastRoom ? null : Math.max(leastRoom, Math.floor(room / 2));

/** Frame and title of a part in a question. */
const frameBytes = 200;
const sizeOf = ({ title, text }: Part): number =>
  Buffer.byteLength(text) + Buffer.byteLength(title) + frameBytes;

/** Every text in pieces that fit; pieces of one text say which they are. */
export function split(parts: readonly Part[], room: number): Part[] {
  return parts.flatMap((part) => {
    if (sizeOf(part) <= room) return [part];
    const most = Math.max(leastRoom / 2, room - frameBytes - Buffer.byteLength(part.title) - 40);
    const pieces = piecesOf(part.text, most);
    return pieces.map((text, at) => ({
      title: `${part.title} (part ${at + 1} of ${pieces.length})`,
      text,
    }));
  });
}

/** In order, as many together as fit. */
export function packed(parts: readonly Part[], room: number): Part[][] {
  const packs: Part[][] = [];
  let left = 0;
  for (const part of parts) {
    const size = sizeOf(part);
    const latest = packs.at(-1);
    if (latest === undefined || size > left) {
      packs.push([part]);
      left = room - size;
    } else {
      latest.push(part);
      left -= size;
    }
  }
  return packs;
}

/** Pieces of at most so many bytes each, cut at ends of lines where there are any. */
export function piecesOf(text: string, bytes: number): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    const end = endOf(text, from, bytes);
    pieces.push(text.slice(from, end));
    from = end;
  }
  return pieces;
}

function endOf(text: string, from: number, bytes: number): number {
  // A UTF-16 unit has 1 to 3 bytes.
  let size = 0;
  let end = from;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : isSurrogate(code) ? 2 : 3;
    if (size > bytes) break;
  }
  if (end === text.length) return end;
  const line = text.lastIndexOf("\n", end - 1) + 1;
  if (line > from + (end - from) / 2) return line;
  const isPair = isSurrogate(text.charCodeAt(end)) && isSurrogate(text.charCodeAt(end - 1));
  return Math.max(from + 1, isPair && isLow(text.charCodeAt(end)) ? end - 1 : end);
}

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;
