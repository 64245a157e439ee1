/**
 * A program in the sandbox as a transport: one JSON message a line.
 *
 * Never: keeps more than `mostLine` of a line; throws for what the program writes. What is no message is passed over:
 * many servers print their greetings there.
 */
import { deserializeMessage, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Session } from "../../sandbox/session.ts";
import { createLines } from "../../system/lines.ts";

const mostLine = 16 * 2 ** 20;

/** `cut` is told why the program was ended, where it was for what it wrote. */
export function sessionTransport(session: Session, cut: (why: string) => void): Transport {
  const linesIn = createLines(mostLine);
  const transport: Transport = {
    async start() {
      session.onData((chunk) => {
        const { lines, isTooLong } = linesIn(chunk);
        for (const line of lines) take(transport, line);
        if (!isTooLong) return;
        cut(`it wrote a line of more than ${mostLine} bytes`);
        void session.close();
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

const brace = 0x7b;

function take(transport: Transport, line: Buffer): void {
  if (line[0] !== brace) return;
  try {
    transport.onmessage?.(deserializeMessage(line.toString("utf8")));
  } catch (error) {
    // Not JSON, no message of the protocol, or nested too deeply for whoever repeats it in an error.
    if (!(error instanceof Error)) throw error;
  }
}
