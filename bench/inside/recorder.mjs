/**
 * A provider of models for benchmarks inside the container: says what its caller wants said, and tells when each request
 * had arrived and when its answer was about to leave. Used by the programs beside it.
 */
import http from "node:http";

export const now = () => Number(process.hrtime.bigint()) / 1e6;

const chunk = (delta, finish = null) => {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const head = { id: "bench", object: "chat.completion.chunk", created: 0, model: "bench" };
  return `data: ${JSON.stringify({ ...head, choices })}\n\n`;
};

const usage = `data: ${JSON.stringify({
  ...{ id: "bench", object: "chat.completion.chunk", created: 0, model: "bench", choices: [] },
  usage: { prompt_tokens: 1, completion_tokens: 1 },
})}\n\n`;

let calls = 0;

function streamOf({ text, call }) {
  if (call === undefined) return chunk({ role: "assistant", content: text }) + chunk({}, "stop");
  calls += 1;
  const made = {
    index: 0,
    id: `call_${calls}`,
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  };
  return chunk({ role: "assistant", tool_calls: [made] }) + chunk({}, "tool_calls");
}

async function bodyOf(request) {
  let text = "";
  for await (const part of request) text += part;
  return text === "" ? {} : JSON.parse(text);
}

/**
 * `answer(body, arrived)` gives `{text}` or `{call: {name, arguments}}`, and `sent(at)` if it wants to know. Listens where
 * `place` says, a port of loopback or a path. Other requests than for chats, such as the audit trail's, are none.
 */
export function startRecorder(place, answer) {
  const server = http.createServer(async (request, response) => {
    const arrived = now();
    try {
      const body = await bodyOf(request);
      if (!request.url.endsWith("/chat/completions")) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end('{"object":"list","data":[{"id":"bench"}],"refused":[]}');
        return;
      }
      const said = await answer(body, arrived);
      const text = `${streamOf(said)}${usage}data: [DONE]\n\n`;
      // Before: on a busy machine the reader may have it before a callback says that it is written.
      said.sent?.(now());
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(text);
    } catch (error) {
      // A benchmark that measures something else than it says is worse than none.
      console.error(error);
      process.exit(1);
    }
  });
  const where = typeof place === "number" ? [place, "127.0.0.1"] : [place];
  return new Promise((resolve) => server.listen(...where, () => resolve(server)));
}
