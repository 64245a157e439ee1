/**
 * The model of the long task (test/agent/support/long.ts) behind the wire: reads numbers of a file with the tool
 * `shell`, and adds them up. Logs each request, whole.
 *
 * Usage: node ledger-model.mts PORT LOG LONG STEPS. LONG is the path of long.ts.
 */
import fs from "node:fs";
import http from "node:http";
import type { replyFor as ReplyFor } from "../../agent/support/long.ts";

const [port = "", logPath = "", long = "", steps = ""] = process.argv.slice(2);
const { replyFor } = (await import(long)) as { replyFor: typeof ReplyFor };

/** A look at what was done comes first: a call that was cut is made again. */
const callFor = (n: number) => ({
  id: `read-${n}`,
  name: "shell",
  arguments: JSON.stringify({
    command: `grep -qx ${n} done || echo ${n} >> done; sed -n ${n}p ledger`,
  }),
});

type Asked = Parameters<typeof replyFor>[0];

interface Body {
  readonly messages: Asked["messages"];
  readonly response_format?: { readonly json_schema: { readonly name: string } };
}

function answer(text: string, response: http.ServerResponse): void {
  const body = JSON.parse(text) as Body;
  fs.appendFileSync(logPath, `${text}\n`);
  const form = body.response_format?.json_schema.name;
  const reply = replyFor({ messages: body.messages, form }, Number(steps), callFor);
  const chunk = (delta: unknown, finish: string | null, more: object = {}) =>
    `data: ${JSON.stringify({
      id: "scripted",
      object: "chat.completion.chunk",
      model: "scripted",
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    })}\n\n`;
  const calls = reply.calls.map(({ id, ...call }, index) => ({
    index,
    id,
    type: "function",
    function: call,
  }));
  const content = reply.text === "" ? {} : { content: reply.text };
  const delta = {
    role: "assistant",
    ...content,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk(delta, null));
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  response.end(`${chunk({}, finish, { usage })}data: [DONE]\n\n`);
}

http
  .createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => answer(body, response));
  })
  .listen(Number(port), "127.0.0.1");
