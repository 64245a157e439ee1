/**
 * A model that says which one it is and the how manieth request of all this was. Each request leaves a line in the log:
 * the model that was asked for.
 *
 * Usage: node naming-model.mts PORT LOG
 */
import fs from "node:fs";
import http from "node:http";

const [port = "", logPath = ""] = process.argv.slice(2);
let count = 0;

function say(model: string, response: http.ServerResponse): void {
  count += 1;
  fs.appendFileSync(logPath, `${model}\n`);
  const content = `This is what ${model} says to request number ${count}, and it means it.`;
  const chunk = (delta: object, finish: string | null, more: object = {}) =>
    `data: ${JSON.stringify({
      ...{ id: "naming", object: "chat.completion.chunk", model },
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    })}\n\n`;
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk({ role: "assistant", content }, null));
  response.end(`${chunk({}, "stop", { usage })}data: [DONE]\n\n`);
}

http
  .createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => say((JSON.parse(body) as { model: string }).model, response));
  })
  .listen(Number(port), "127.0.0.1");
