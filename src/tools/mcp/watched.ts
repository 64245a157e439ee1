/** An answer of a server with its bytes counted and its end told. Never: lets more than `mostBytes` of it through. */
import { Bound } from "./why.ts";

const mostBytes = 32 * 2 ** 20;

/**
 * `ended` is called once, when all was read, or it broke off, or it was left; `mayGoOn` says that a stream of events
 * gave ids by which it could be taken up again, or that it was no stream.
 */
export function watched(response: Response, ended: (mayGoOn: boolean) => void): Response {
  const { status, statusText, headers, body } = response;
  const isStream = headers.get("content-type")?.includes("text/event-stream") === true;
  const ids = createIds();
  let bytes = 0;
  let isOver = false;
  const end = (): void => {
    if (!isOver) ended(!isStream || ids.found());
    isOver = true;
  };
  if (body === null) {
    end();
    return response;
  }
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (isStream) ids.look(chunk);
        if (bytes <= mostBytes) {
          controller.enqueue(chunk);
          return;
        }
        controller.error(new Bound(`it gave an answer of more than ${mostBytes} bytes`));
        end();
      },
      flush: end,
      cancel: end,
    }),
  );
  return new Response(counted, { status, statusText, headers });
}

/** Whether a line of a stream of events gives an id. */
function createIds(): {
  readonly look: (chunk: Uint8Array) => void;
  readonly found: () => boolean;
} {
  let last = "\n";
  let isFound = false;
  return {
    look(chunk) {
      if (isFound) return;
      const text = last + Buffer.from(chunk).toString("latin1");
      isFound = /[\r\n]id:/.test(text);
      last = text.slice(-3);
    },
    found: () => isFound,
  };
}
