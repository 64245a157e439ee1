#!/usr/lib/con/node/bin/node
/**
 * Stands in for a coding agent: the environment and the wire formats of the real ones, none of their wit. It lets the model
 * call `bash` until the model says something, by Anthropic's format or OpenAI's.
 */
import { execSync } from "node:child_process";
import { readFileSync } from "node:fs";

const task = readFileSync(0, "utf8");
const {
  ANTHROPIC_BASE_URL: anthropic,
  ANTHROPIC_AUTH_TOKEN: token,
  OPENAI_BASE_URL: openai,
  ANTHROPIC_MODEL: model,
} = process.env;

const post = (url, body, headers = { authorization: `Bearer ${token}` }) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

const bash = (command) => execSync(command, { encoding: "utf8" });

async function events(response) {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
  return lines
    .map((line) => line.slice(6))
    .filter((text) => text !== "[DONE]")
    .map((text) => JSON.parse(text));
}

const parameters = { type: "object", properties: { command: { type: "string" } } };

async function byAnthropic() {
  const messages = [{ role: "user", content: [{ type: "text", text: task }] }];
  for (;;) {
    const tools = [{ name: "bash", description: "Runs a command", input_schema: parameters }];
    const request = { model, max_tokens: 1000, stream: true, system: "Be brief.", messages, tools };
    const heard = await events(await post(`${anthropic}/v1/messages`, request));
    const kinds = heard.map(({ type }) => type).filter((type) => type !== "ping");
    if (kinds[0] !== "message_start" || kinds.at(-1) !== "message_stop")
      throw new Error(kinds.join());
    const content = [];
    for (const { type, index, content_block: block, delta } of heard) {
      if (type === "content_block_start") content[index] = { ...block, json: "" };
      if (delta?.type === "text_delta") content[index].text += delta.text;
      if (delta?.type === "input_json_delta") content[index].json += delta.partial_json;
    }
    const calls = content.filter(({ type }) => type === "tool_use");
    if (calls.length === 0) return content.map(({ text }) => text).join("");
    const said = content.map(({ json, ...block }) =>
      block.type === "tool_use" ? { ...block, input: JSON.parse(json) } : block,
    );
    messages.push({ role: "assistant", content: said });
    messages.push({
      role: "user",
      content: calls.map(({ id, json }) => ({
        type: "tool_result",
        tool_use_id: id,
        content: bash(JSON.parse(json).command),
      })),
    });
  }
}

async function byOpenai() {
  const messages = [{ role: "user", content: task }];
  for (;;) {
    const tools = [{ type: "function", function: { name: "bash", parameters } }];
    const answer = await post(`${openai}/chat/completions`, {
      model,
      messages,
      tools,
      store: false,
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    const { choices } = await answer.json();
    const { message } = choices[0];
    if (message.tool_calls === undefined) return message.content;
    messages.push(message);
    for (const { id, function: call } of message.tool_calls)
      messages.push({
        role: "tool",
        tool_call_id: id,
        content: bash(JSON.parse(call.arguments).command),
      });
  }
}

async function attack() {
  const body = { model, messages: [{ role: "user", content: "hi" }] };
  const said = [];
  for (const [name, path, headers] of [
    ["without", "/v1/chat/completions", {}],
    ["wrong", "/v1/chat/completions", { authorization: "Bearer 00" }],
    ["audit", "/con/audit", undefined],
    ["ungranted", "/v1/chat/completions", undefined],
    ["granted", "/v1/chat/completions", undefined],
  ]) {
    const asked = name === "ungranted" ? { ...body, model: "embedder" } : body;
    const { status } = await post(`${anthropic}${path}`, asked, headers);
    said.push(`${name} ${status}`);
  }
  return said.join("\n");
}

console.error("thinking about it");
const way = task.includes("by openai")
  ? byOpenai
  : task.includes("do attack")
    ? attack
    : byAnthropic;
console.log(await way());
