/**
 * Server-sent events as far as the chat wire format uses them: `data:` lines, one JSON value each.
 * Source: WHATWG HTML, "Server-sent events"; OpenAI API reference, "Streaming".
 */

/** One event may not be larger; a stream that sends more is garbage. */
const maxEventChars = 4 << 20;

/** Feeds on decoded text in any portions and returns the payloads that became complete. */
export function createSseParser(): (text: string) => string[] {
  let rest = "";
  return (text) => {
    rest += text;
    const lines = rest.split(/\r?\n/);
    rest = lines.pop() ?? "";
    if (rest.length > maxEventChars) throw new RangeError("an event of the stream is too large");
    return lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
  };
}

/** Encodes one payload; `JSON.stringify` leaves no line break inside. */
export const sseEvent = (payload: unknown): string =>
  `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`;

/** The payload that ends a stream. */
export const sseDone = "[DONE]";
