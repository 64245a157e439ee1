/**
 * A server at an address as a transport. Where it may connect to is decided by the kernel, by uid; a redirect to another
 * origin is not followed. Never: takes more than `mostBytes` of one answer; speaks OAuth.
 */
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

const mostBytes = 32 * 2 ** 20;

export function httpTransport(url: string, headers: Readonly<Record<string, string>>): Transport {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    fetch: async (to, init) => bounded(await fetch(to, init)),
    redirectPolicy: "same-origin",
    reconnectionOptions: {
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 10_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  });
  // Its `sessionId` is a getter without a value at first, which exact optional properties do not allow.
  return transport as Transport;
}

function bounded(response: Response): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > mostBytes)
          controller.error(new Error(`an answer of more than ${mostBytes} bytes`));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(counted, { status, statusText, headers });
}
