/**
 * Server-sent events as far as the chat wire format uses them: `data:` lines, one JSON value each.
 * Source: WHATWG HTML, "Server-sent events"; OpenAI API reference, "Streaming".
 */

/** One event may not be larger; a stream that sends more is garbage. */
const maxEventChars = 4 << 20;

/** Feeds on decoded text in any portions and returns the payloads that became complete. */
export function createSseParser(): (text: string) => string[] {
  // What came since the last line end, joined when the next one is here: portions may be many and small.
  const begun: string[] = [];
  let length = 0;
  const take = (text: string): string[] => {
    const lines = `${begun.join("")}${text}`.split(/\r?\n/);
    begun.length = 0;
    length = 0;
    return lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
  };
  return (text) => {
    const end = text.lastIndexOf("\n") + 1;
    const payloads = end === 0 ? [] : take(text.slice(0, end));
    const rest = text.slice(end);
    begun.push(rest);
    length += rest.length;
    if (length > maxEventChars) throw new RangeError("an event of the stream is too large");
    return payloads;
  };
}

/** Encodes one payload; `JSON.stringify` leaves no line break inside. */
export const sseEvent = (payload: unknown): string =>
  `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`;

/** The payload that ends a stream. */
export const sseDone = "[DONE]";
