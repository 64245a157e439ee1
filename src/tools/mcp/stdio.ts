/**
 * A program in the sandbox as a transport: one JSON message a line.
 *
 * Never: keeps more than `mostLine` of a line; throws for what the program writes. What is no message is passed over:
 * many servers print their greetings there.
 */
import { deserializeMessage, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Session } from "../../sandbox/session.ts";

const mostLine = 16 * 2 ** 20;

/** `cut` is told why the program was ended, where it was for what it wrote. */
export function sessionTransport(session: Session, cut: (why: string) => void): Transport {
  const lines = createLines(mostLine);
  const transport: Transport = {
    async start() {
      session.onData((chunk) => {
        const found = lines(chunk);
        if (found === null) {
          cut(`it wrote a line of more than ${mostLine} bytes`);
          void session.close();
          return;
        }
        for (const line of found) {
          const message = messageOf(line);
          if (message !== null) transport.onmessage?.(message);
        }
      });
      void session.over.then(() => transport.onclose?.());
    },
    async send(message) {
      if (!session.write(serializeMessage(message))) throw new Error("it does not read its input");
    },
    close: () => session.close(),
  };
  return transport;
}

function messageOf(line: string): JSONRPCMessage | null {
  if (!line.startsWith("{")) return null;
  try {
    return deserializeMessage(line);
  } catch (error) {
    // Not JSON, no message of the protocol, or nested too deeply.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Whole lines of what comes in; null once one is too long. */
function createLines(most: number): (chunk: Buffer) => string[] | null {
  let parts: Buffer[] = [];
  let length = 0;
  return (chunk) => {
    const lines: string[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (length + end > most) return null;
      lines.push(Buffer.concat([...parts, rest.subarray(0, end)]).toString("utf8"));
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    length += rest.length;
    if (length > most) return null;
    if (rest.length > 0) parts.push(rest);
    return lines;
  };
}
