/**
 * Standard input and output as a transport of `con mcp`: one JSON message a line.
 *
 * Never: ends for a line, whatever is in it; keeps more than `mostLine` of one. What is too long is answered with the
 * protocol's own error; what is no message is passed over with a word on standard error. A reader that has gone ends
 * the process quietly (con.ts).
 */
import { deserializeMessage, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createLines } from "../../system/lines.ts";

/** A task of the greatest length with each character escaped. */
const mostLine = 32 * 2 ** 20;

export function stdioTransport(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Transport {
  const linesIn = createLines(mostLine);
  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (output.write(text)) resolve();
      else output.once("drain", resolve);
    });
  const take = (chunk: Buffer): void => {
    const { lines, isTooLong } = linesIn(chunk);
    for (const line of lines) read(transport, line);
    if (isTooLong) void write(tooLong);
  };
  const failed = (error: Error): void => transport.onerror?.(error);
  const transport: Transport = {
    async start() {
      input.on("data", take);
      input.on("error", failed);
    },
    send: (message) => write(serializeMessage(message)),
    async close() {
      input.off("data", take);
      input.off("error", failed);
      input.pause();
      transport.onclose?.();
    },
  };
  return transport;
}

const tooLong = `${JSON.stringify({
  ...{ jsonrpc: "2.0", id: null },
  error: { code: -32_700, message: `a line of more than ${mostLine} bytes` },
})}\n`;

function read(transport: Transport, line: Buffer): void {
  if (line.length === 0) return;
  try {
    transport.onmessage?.(deserializeMessage(line.toString("utf8")));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    transport.onerror?.(error);
  }
}
