/**
 * A model that does what the task says: the text of a task is a JSON list of tool calls
 * `[[NAME, ARGUMENTS], …]`, one per step; the answer is the JSON list of their results. Instead of a call a step may
 * be `["@meet", N]`: answered when N such requests wait at once; `["@fail"]`: refused; `["@hang"]`: never answered.
 *
 * Usage: node steps-model.mts PORT LOG [hang]. With `hang`, the first request of every step is
 * logged and never answered, so that whoever asked can be killed there.
 */
import fs from "node:fs";
import http from "node:http";

interface WireMessage {
  readonly role: string;
  readonly content: string | null;
}

const [port = "", logPath = "", mode = ""] = process.argv.slice(2);
const hung = new Set<string>();

/** The list inside the frame of the first user message. */
function stepsOf(messages: readonly WireMessage[]): [string, unknown][] {
  const text = messages.find(({ role }) => role === "user")?.content ?? "";
  const line = text.split("\n").find((one) => one.startsWith("[["));
  return JSON.parse(line ?? "[]") as [string, unknown][];
}

function deltaFor(messages: readonly WireMessage[], step: number): unknown {
  const call = stepsOf(messages)[step];
  const isLast = call === undefined || call[0].startsWith("@");
  const results = messages.flatMap(({ role, content }) => (role === "tool" ? [content] : []));
  if (isLast) return { role: "assistant", content: JSON.stringify(results) };
  const [name, args] = call;
  const wanted = { name, arguments: JSON.stringify(args) };
  const id = `call-${step}`;
  return { role: "assistant", tool_calls: [{ index: 0, id, type: "function", function: wanted }] };
}

let meeting: (() => void)[] = [];

/** True when it is for the step itself to answer, now or never. */
function isOdd(call: readonly [string, unknown] | undefined, go: () => void): boolean {
  const [name, count] = call ?? [];
  if (name === "@meet") {
    meeting.push(go);
    if (meeting.length < Number(count)) return true;
    fs.appendFileSync(logPath, `met ${meeting.length}\n`);
    const all = meeting;
    meeting = [];
    for (const one of all) one();
    return true;
  }
  if (name === "@hang") fs.appendFileSync(logPath, "hanging for ever\n");
  return name === "@hang";
}

function answer(body: string, response: http.ServerResponse): void {
  const { messages } = JSON.parse(body) as { messages: WireMessage[] };
  const step = messages.filter(({ role }) => role === "assistant").length;
  const key = `${messages[1]?.content?.slice(0, 200)} ${step}`;
  const hangs = mode === "hang" && !hung.has(key);
  hung.add(key);
  fs.appendFileSync(logPath, `${hangs ? "hanging" : "answering"} ${step}\n`);
  if (hangs) return;
  const call = stepsOf(messages)[step];
  if (call?.[0] === "@fail") {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "refused by the script" } }));
    return;
  }
  if (!isOdd(call, () => say(messages, step, response))) say(messages, step, response);
}

function say(messages: readonly WireMessage[], step: number, response: http.ServerResponse): void {
  const chunk = (delta: unknown, finish: string | null, more: object = {}) =>
    `data: ${JSON.stringify({
      id: "scripted",
      object: "chat.completion.chunk",
      model: "scripted",
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    })}\n\n`;
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk(deltaFor(messages, step), null));
  const isLast = stepsOf(messages)[step]?.[0].startsWith("@") ?? true;
  const finish = isLast ? "stop" : "tool_calls";
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
  .listen(Number(port), "127.0.0.1", () => {
    fs.appendFileSync(logPath, "listening\n");
  });
