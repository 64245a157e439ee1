/** OpenAI's responses format: what goes up, what comes back, and what is refused. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { chatRequestOf } from "../../../src/runner/bridge/responses-request.ts";
import { callPart, chunk, events, openWorld, streamOf, type World } from "./support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.says(streamOf(chunk({ content: "Hel" }), chunk({ content: "lo" }, "stop")));
});
afterEach(() => world[Symbol.asyncDispose]());

const ask = (more: object = {}) =>
  world.post("/v1/responses", { model: "smart", input: "hi", ...more });

const exec = {
  type: "function",
  name: "exec",
  description: "Runs",
  parameters: { type: "object" },
};

describe("a request", () => {
  test("of a conversation with tools goes over whole", () => {
    expect(
      chatRequestOf({
        model: "smart",
        instructions: "Be brief.",
        store: false,
        stream: true,
        include: ["reasoning.encrypted_content"],
        prompt_cache_key: "k",
        client_metadata: { a: "b" },
        reasoning: { effort: "high", summary: "auto" },
        text: {
          verbosity: "low",
          format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true },
        },
        max_output_tokens: 9,
        temperature: null,
        tools: [
          exec,
          { type: "custom", name: "patch", description: "Patches", format: { definition: "G" } },
          { type: "namespace", name: "team", tools: [{ ...exec, name: "hire" }] },
        ],
        tool_choice: { type: "function", name: "exec" },
        parallel_tool_calls: false,
        input: [
          { type: "message", role: "developer", content: [{ type: "input_text", text: "Rules." }] },
          { role: "user", content: "go" },
          { type: "reasoning", encrypted_content: "x", summary: [] },
          {
            type: "message",
            role: "assistant",
            content: [{ type: "output_text", text: "I look." }],
          },
          { type: "function_call", call_id: "c1", name: "exec", arguments: '{"a":1}' },
          {
            type: "function_call",
            call_id: "c2",
            name: "hire",
            namespace: "team",
            arguments: "{}",
          },
          { type: "custom_tool_call", call_id: "c3", name: "patch", input: "*** p" },
          { type: "function_call_output", call_id: "c1", output: "one" },
          {
            type: "function_call_output",
            call_id: "c2",
            output: [
              { type: "input_text", text: "two" },
              { type: "input_image", image_url: "data:image/png;base64,AA" },
            ],
          },
          { type: "custom_tool_call_output", call_id: "c3", output: "three" },
          { type: "function_call", call_id: "c4", name: "exec", arguments: "{}" },
          { type: "function_call_output", call_id: "c4", output: "four" },
        ],
      }),
    ).toEqual({
      model: "smart",
      max_tokens: 9,
      reasoning_effort: "high",
      verbosity: "low",
      response_format: {
        type: "json_schema",
        json_schema: { name: "n", schema: { type: "object" }, strict: true },
      },
      tools: [
        { type: "function", function: { ...named("exec"), description: "Runs" } },
        {
          type: "function",
          function: {
            name: "patch",
            description: "Patches\n\nG",
            parameters: {
              type: "object",
              properties: { input: { type: "string" } },
              required: ["input"],
              additionalProperties: false,
            },
          },
        },
        { type: "function", function: { ...named("team__hire"), description: "Runs" } },
      ],
      tool_choice: { type: "function", function: { name: "exec" } },
      parallel_tool_calls: false,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "system", content: "Rules." },
        { role: "user", content: "go" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [
            called("c1", "exec", '{"a":1}'),
            called("c2", "team__hire", "{}"),
            called("c3", "patch", '{"input":"*** p"}'),
          ],
        },
        { role: "tool", tool_call_id: "c1", content: "one" },
        { role: "tool", tool_call_id: "c2", content: "two" },
        { role: "tool", tool_call_id: "c3", content: "three" },
        {
          role: "user",
          content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }],
        },
        { role: "assistant", content: null, tool_calls: [called("c4", "exec", "{}")] },
        { role: "tool", tool_call_id: "c4", content: "four" },
      ],
    });
  });

  test.each([
    ["an answer that con would have to keep", { previous_response_id: "resp_1" }, "con keeps no"],
    ["a conversation", { conversation: { id: "c" } }, "con keeps no answers"],
    ["a stored prompt", { prompt: { id: "p" } }, "con keeps no answers"],
    ["work in the background", { background: true }, "con answers at once"],
    ["the vendor's own tools", { tools: [{ type: "web_search" }] }, "`web_search`"],
    ["a file", { input: [{ role: "user", content: [{ type: "input_file" }] }] }, "`input_file`"],
    [
      "an item that it does not know",
      { input: [{ type: "item_reference", id: "x" }] },
      "`item_ref",
    ],
    ["a key that it does not know", { moderation: "none" }, "`moderation`"],
    ["an odd role", { input: [{ role: "tool", content: "x" }] }, "a message is of role"],
    ["no list", { input: 7 }, "input must be a list"],
  ])("with %s is refused in words", async (_, more, why) => {
    const { status, text } = await ask(more);
    expect([status, JSON.parse(text)]).toMatchObject([400, { error: { code: 400 } }]);
    expect(text).toContain(why);
    expect(world.asked).toEqual([]);
  });
});

const named = (name: string) => ({ name, parameters: { type: "object" } });
const called = (id: string, name: string, text: string) => ({
  id,
  type: "function",
  function: { name, arguments: text },
});

describe("an answer", () => {
  test("whole", async () => {
    const { text } = await ask();
    expect(JSON.parse(text)).toMatchObject({
      object: "response",
      status: "completed",
      model: "p/big",
      output: [{ type: "message", content: [{ type: "output_text", text: "Hello" }] }],
      usage: { input_tokens: 9, output_tokens: 4, total_tokens: 13 },
    });
    expect(world.calls).toEqual([{ model: "p/big", usage: { input: 9, output: 4, costUsd: 0.5 } }]);
  });

  test("cut by length is incomplete, and says why", async () => {
    world.says(streamOf(chunk({ content: "Hel" }, "length")));
    const why = { reason: "max_output_tokens" };
    const incomplete = { status: "incomplete", incomplete_details: why };
    expect(JSON.parse((await ask()).text)).toMatchObject(incomplete);
    const last = events((await ask({ stream: true })).text).at(-1);
    expect(last).toMatchObject({ type: "response.incomplete", response: incomplete });
  });

  test("streamed: text as it comes, then calls, each by its own name and kind", async () => {
    world.says(
      streamOf(
        chunk({ content: "Two" }),
        chunk(callPart(1, "patch", '{"input":')),
        chunk(callPart(0, "team__hire", "")),
        chunk(callPart(1, "", '"*** p"}')),
        chunk({}, "tool_calls"),
      ),
    );
    const tools = [
      { type: "custom", name: "patch" },
      { type: "namespace", name: "team", tools: [{ ...exec, name: "hire" }] },
    ];
    const { text } = await ask({ stream: true, tools });
    const told = events(text);
    expect(told.map(({ sequence_number: n }) => n)).toEqual(told.map((_, index) => index));
    expect(told.map(({ type }) => String(type).replace("response.", ""))).toEqual([
      ...["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"],
      ...["output_text.done", "content_part.done", "output_item.done"],
      ...["output_item.added", "function_call_arguments.delta", "function_call_arguments.done"],
      ...["output_item.done", "output_item.added", "custom_tool_call_input.delta"],
      ...["custom_tool_call_input.done", "output_item.done", "completed"],
    ]);
    const output = [
      { type: "message", content: [{ text: "Two" }] },
      { type: "function_call", call_id: "id-0", name: "hire", namespace: "team", arguments: "{}" },
      { type: "custom_tool_call", call_id: "id-1", name: "patch", input: "*** p" },
    ];
    expect(told.at(-1)).toMatchObject({ response: { status: "completed", output } });
    const done = told.filter(({ type }) => type === "response.output_item.done");
    expect(done.map(({ item }) => item)).toMatchObject(output);
    expect(done.map(({ output_index: index }) => index)).toEqual([0, 1, 2]);
    expect(text).toContain("event: response.completed\ndata: ");
  });

  test("refused or broken has this format's own shape", async () => {
    world.answer = (response) =>
      void response.writeHead(429, { "retry-after": "9" }).end('{"error":{"message":"slow down"}}');
    const refused = await ask({ stream: true });
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "9"]);
    expect(JSON.parse(refused.text)).toMatchObject({ error: { message: "slow down" } });
    world.says(chunk({ content: "Hel" }));
    const cut = events((await ask({ stream: true })).text).at(-1);
    expect(cut).toMatchObject({
      type: "response.failed",
      response: {
        status: "failed",
        error: { code: "server_error", message: expect.stringContaining("cut") },
      },
    });
    expect(await ask()).toMatchObject({ status: 502 });
  });
});
