/**
 * A server of the Model Context Protocol that behaves as its first argument, a file with JSON, says at each request:
 * `tools` are listed; `die` ends it at a call of that name, once; `starts` counts.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [behaviour = ""] = process.argv.slice(2);
const now = () => JSON.parse(readFileSync(behaviour, "utf8"));
const say = (message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const text = (words) => ({ content: [{ type: "text", text: words }] });
if (now().count !== false) appendFileSync(`${behaviour}.starts`, `${process.pid}\n`);
process.stdout.write("greetings, this is no message\n");
process.stderr.write("a word on standard error\n");
if (now().broken) process.exit(3);

const calls = {
  echo: ({ words }) => text(String(words)),
  environment: ({ name }) => text(`${process.env[name]} in ${process.cwd()}`),
  picture: () => ({
    content: [
      {
        type: "image",
        mimeType: "image/png",
        data: Buffer.from("not much of one").toString("base64"),
      },
      { type: "resource_link", uri: "file:///etc/passwd", name: "x" },
      { type: "unheard-of" },
    ],
  }),
  structured: () => ({ structuredContent: { answer: 42 }, content: [] }),
  long: () => text(`begin ${"x".repeat(50_000)} end`),
  wrong: () => ({ isError: true, ...text("it went wrong") }),
  change: () => {
    say({ method: "notifications/tools/list_changed" });
    return text("changed");
  },
  ask: () => {
    say({ id: "s", method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } });
    return null;
  },
  slow: ({ mark }) => {
    if (mark !== undefined) writeFileSync(mark, "");
    return null;
  },
  endless: () => {
    process.stdout.write(`{"x":"${"y".repeat(17 << 20)}`);
    return null;
  },
};

function answerTo({ id, method, params }) {
  if (method === "initialize") {
    if (now().silent) return null;
    const resources = now().resources === undefined ? {} : { resources: {} };
    const capabilities = { tools: { listChanged: true }, ...resources };
    const serverInfo = { name: "scripted", version: "1" };
    return { id, result: { protocolVersion: params.protocolVersion, capabilities, serverInfo } };
  }
  if (method === "tools/list") return { id, result: { tools: now().tools } };
  if (method === "resources/list") return { id, result: { resources: now().resources } };
  if (method === "resources/read") {
    const contents = now().contents[params.uri];
    if (contents === undefined) return { id, error: { code: -32002, message: "no such resource" } };
    return { id, result: { contents } };
  }
  if (method !== "tools/call") return id === undefined ? null : { id, result: {} };
  const died = `${behaviour}.died`;
  if (now().die === params.name && !existsSync(died)) {
    writeFileSync(died, "");
    process.exit(9);
  }
  const call = calls[params.name];
  if (call === undefined) return { id, error: { code: -32602, message: "no such tool" } };
  const result = call(params.arguments ?? {});
  if (params.name === "ask") waiting = id;
  return result === null ? null : { id, result };
}

let waiting = null;
createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.id === "s") return say({ id: waiting, result: text(JSON.stringify(message.error)) });
  const answer = answerTo(message);
  if (answer !== null) say(answer);
});
