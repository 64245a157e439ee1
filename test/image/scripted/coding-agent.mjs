#!/usr/lib/con/node/bin/node
/**
 * Stands in for a coding agent: the environment and the wire formats of the real ones, none of their wit. It lets the model
 * call `bash` until the model says something, by Anthropic's format, OpenAI's two, or Google's.
 */
import { execSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const task = readFileSync(0, "utf8");
const {
  ANTHROPIC_BASE_URL: anthropic,
  ANTHROPIC_AUTH_TOKEN: token,
  OPENAI_BASE_URL: openai,
  GOOGLE_GEMINI_BASE_URL: google,
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

async function byResponses() {
  const input = [{ role: "user", content: [{ type: "input_text", text: task }] }];
  for (;;) {
    const tools = [{ type: "function", name: "bash", parameters }];
    const asked = { model, input, tools, instructions: "Be brief.", store: false, stream: true };
    const last = (await events(await post(`${openai}/responses`, asked))).at(-1);
    if (last.type !== "response.completed") throw new Error(JSON.stringify(last));
    const { output } = last.response;
    input.push(...output);
    const calls = output.filter(({ type }) => type === "function_call");
    if (calls.length === 0) return output[0].content[0].text;
    for (const { call_id, arguments: text } of calls)
      input.push({ type: "function_call_output", call_id, output: bash(JSON.parse(text).command) });
  }
}

async function byGoogle() {
  const contents = [{ role: "user", parts: [{ text: task }] }];
  const url = `${google}/v1beta/models/${model}:streamGenerateContent?alt=sse`;
  for (;;) {
    const tools = [{ functionDeclarations: [{ name: "bash", parametersJsonSchema: parameters }] }];
    const told = await events(await post(url, { contents, tools }, { "x-goog-api-key": token }));
    const parts = told.flatMap(({ candidates }) => candidates[0].content.parts);
    const calls = parts.flatMap(({ functionCall: call }) => (call === undefined ? [] : [call]));
    if (calls.length === 0) return parts.map(({ text }) => text).join("");
    contents.push({ role: "model", parts });
    const results = calls.map(({ id, name, args }) => ({
      functionResponse: { id, name, response: { output: bash(args.command) } },
    }));
    contents.push({ role: "user", parts: results });
  }
}

/** Until it is killed, with a child that holds its output open. */
async function hang() {
  spawn("sleep", ["1006"], { stdio: "inherit", detached: true });
  writeFileSync("hanging", "here");
  return new Promise(() => setInterval(() => undefined, 1_000_000));
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
const ways = {
  "by openai": byOpenai,
  "by responses": byResponses,
  "by google": byGoogle,
  "do attack": attack,
  "do hang": hang,
};
const [, way = byAnthropic] = Object.entries(ways).find(([words]) => task.includes(words)) ?? [];
console.log(await way());
