/** Google's generateContent format: what goes up, what comes back, and what is refused. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { chatRequestTo } from "../../../src/runner/bridge/gemini-request.ts";
import { callPart, chunk, events, openWorld, streamOf, type World } from "./support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.says(streamOf(chunk({ content: "Hel" }), chunk({ content: "lo" }, "stop")));
});
afterEach(() => world[Symbol.asyncDispose]());

const contents = [{ role: "user", parts: [{ text: "hi" }] }];
const post = (act: string, more: object = {}) =>
  world.post(
    `/v1beta/models/smart:${act}`,
    { contents, ...more },
    {
      "x-goog-api-key": world.bridge.token,
    },
  );
const whole = (more: object = {}) => post("generateContent", more);
const streamed = (more: object = {}) => post("streamGenerateContent?alt=sse", more);

describe("a request", () => {
  test("of a conversation with tools goes over whole, and calls get their ids", () => {
    expect(
      chatRequestTo("smart", {
        systemInstruction: { role: "user", parts: [{ text: "Be brief." }] },
        safetySettings: [],
        generationConfig: {
          temperature: 0,
          topP: 0.5,
          topK: 3,
          maxOutputTokens: 9,
          stopSequences: ["END"],
          thinkingConfig: { includeThoughts: true },
          responseMimeType: "application/json",
          responseSchema: { type: "OBJECT", properties: { a: { type: "STRING", nullable: true } } },
        },
        tools: [
          {
            functionDeclarations: [
              { name: "run", description: "Runs", parametersJsonSchema: { type: "object" } },
              {
                name: "old",
                parameters: { type: "OBJECT", properties: { n: { type: "INTEGER" } } },
              },
            ],
          },
        ],
        toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["run"] } },
        contents: [
          { parts: [{ text: "go" }] },
          {
            role: "model",
            parts: [
              { text: "hm", thought: true },
              { text: "I look." },
              { functionCall: { name: "run", args: { a: 1 } }, thoughtSignature: "s" },
              { functionCall: { name: "run", args: { a: 2 } } },
              { functionCall: { id: "own", name: "old" } },
            ],
          },
          {
            role: "user",
            parts: [
              { functionResponse: { id: "own", name: "old", response: { error: "no" } } },
              { functionResponse: { name: "run", response: { output: "one" } } },
              { functionResponse: { name: "run", response: { code: 0, output: "two" } } },
              { inlineData: { mimeType: "image/png", data: "AA" } },
            ],
          },
        ],
      }),
    ).toEqual({
      model: "smart",
      max_tokens: 9,
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      stop: ["END"],
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "answer",
          schema: { type: "object", properties: { a: { type: ["string", "null"] } } },
        },
      },
      tools: [
        {
          type: "function",
          function: { name: "run", description: "Runs", parameters: { type: "object" } },
        },
        {
          type: "function",
          function: {
            name: "old",
            parameters: { type: "object", properties: { n: { type: "integer" } } },
          },
        },
      ],
      tool_choice: { type: "function", function: { name: "run" } },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "go" },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [
            called("call-1", "run", '{"a":1}'),
            called("call-2", "run", '{"a":2}'),
            called("own", "old", "{}"),
          ],
        },
        { role: "tool", tool_call_id: "own", content: "Error: no" },
        { role: "tool", tool_call_id: "call-1", content: "one" },
        { role: "tool", tool_call_id: "call-2", content: '{"code":0,"output":"two"}' },
        {
          role: "user",
          content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }],
        },
      ],
    });
  });

  test("a tool's argument that is named like a word of schemas keeps its name", () => {
    const properties = { type: { type: "STRING" }, nullable: { type: "BOOLEAN" } };
    const declared = { name: "f", parameters: { type: "OBJECT", properties } };
    const asked = chatRequestTo("m", { contents, tools: [{ functionDeclarations: [declared] }] });
    expect(asked).toMatchObject({
      tools: [
        {
          function: {
            parameters: { properties: { type: { type: "string" }, nullable: { type: "boolean" } } },
          },
        },
      ],
    });
  });

  test.each([
    ["the vendor's own tools", { tools: [{ googleSearch: {} }] }, "`googleSearch`"],
    ["a cache", { cachedContent: "c" }, "`cachedContent`"],
    ["a stored file", { contents: [{ parts: [{ fileData: {} }] }] }, "`fileData`"],
    ["several answers", { generationConfig: { candidateCount: 2 } }, "one answer"],
    [
      "a result without its call",
      { contents: [{ parts: [{ functionResponse: { name: "f", response: {} } }] }] },
      "must follow its functionCall",
    ],
    ["an odd role", { contents: [{ role: "system", parts: [] }] }, "of role user or model"],
  ])("with %s is refused in words", async (_, more, why) => {
    const { status, text } = await whole(more);
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { error: { code: 400, status: "INVALID_ARGUMENT" } },
    ]);
    expect(text).toContain(why);
    expect(world.asked).toEqual([]);
  });

  test("of a stream that is no stream of events is refused", async () => {
    expect(await post("streamGenerateContent")).toMatchObject({ status: 400 });
  });

  test("names its model in its address only", async () => {
    await whole({ model: "other" });
    expect(world.asked[0]?.body).toMatchObject({ model: "smart" });
  });

  test.each(["embedContent", "countTokens", "generateContent/x", "%2e%2e/generateContent"])(
    "opens no other door: %s",
    async (act) => {
      expect(await post(act)).toMatchObject({ status: 404 });
      expect(world.asked).toEqual([]);
    },
  );
});

const called = (id: string, name: string, text: string) => ({
  id,
  type: "function",
  function: { name, arguments: text },
});

describe("an answer", () => {
  test("whole and streamed", async () => {
    const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 };
    expect(JSON.parse((await whole()).text)).toMatchObject({
      candidates: [
        { content: { role: "model", parts: [{ text: "Hello" }] }, finishReason: "STOP" },
      ],
      usageMetadata,
    });
    const told = events((await streamed()).text) as { candidates: { content: object }[] }[];
    expect(told.map(({ candidates }) => candidates[0]?.content)).toEqual([
      { role: "model", parts: [{ text: "Hel" }] },
      { role: "model", parts: [{ text: "lo" }] },
      { role: "model", parts: [] },
    ]);
    expect(told.at(-1)).toMatchObject({ candidates: [{ finishReason: "STOP" }], usageMetadata });
  });

  test("calls of tools are whole, whatever the order of their parts", async () => {
    world.says(
      streamOf(
        chunk(callPart(1, "b", '{"y"')),
        chunk(callPart(0, "a", "")),
        chunk(callPart(1, "", ":2}")),
        chunk({}, "tool_calls"),
      ),
    );
    const parts = [
      { functionCall: { id: "id-0", name: "a", args: {} } },
      { functionCall: { id: "id-1", name: "b", args: { y: 2 } } },
    ];
    expect(events((await streamed()).text).at(-1)).toMatchObject({
      candidates: [{ content: { parts } }],
    });
    expect(JSON.parse((await whole()).text)).toMatchObject({
      candidates: [{ content: { parts } }],
    });
  });

  test("refused or broken has this format's own shape", async () => {
    world.answer = (response) =>
      void response.writeHead(429).end('{"error":{"message":"slow down"}}');
    expect(JSON.parse((await streamed()).text)).toEqual({
      error: { code: 429, message: "slow down", status: "RESOURCE_EXHAUSTED" },
    });
    world.says(chunk({ content: "Hel" }));
    expect(events((await streamed()).text).at(-1)).toMatchObject({
      error: { code: 502, status: "INTERNAL" },
    });
    world.says(streamOf(chunk(callPart(0, "a", "{broken")), chunk({}, "tool_calls")));
    expect(await whole()).toMatchObject({ status: 502 });
    expect(
      JSON.parse((await world.post("/v1beta/models/smart:generateContent", {}, {})).text),
    ).toMatchObject({ error: { code: 401, status: "UNAUTHENTICATED" } });
  });
});
