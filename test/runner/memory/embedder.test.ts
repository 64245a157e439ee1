/** Vectors by the gateway, and what happens when they do not come. */
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { embedderFor } from "../../../src/runner/memory/embedder.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { createLog } from "../../../src/system/log.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";
import { bed } from "./world.ts";

const at = bed();
const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

let answers: unknown[] = [];
let asked: { model: string; input: string[] }[] = [];

async function gateway(): Promise<string> {
  asked = [];
  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      const body = JSON.parse(text) as { model: string; input: string[] };
      asked.push(body);
      const [model, size] = (answers.shift() ?? ["embed-1", 3]) as [string, number];
      if (size === 0) return void response.writeHead(503).end("{}");
      const embedding = Array.from({ length: size }, (_, n) => n + 1);
      response.end(JSON.stringify({ model, data: body.input.map(() => ({ embedding })) }));
    });
  });
  servers.push(server);
  const socket = path.join(at.root, "gateway.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return socket;
}

const world = (socket: string, models = ["embedder"]) => ({
  disk: nodeDisk,
  paths: at.paths,
  gateway: socket,
  now: Date.now,
  log: createLog((line) => at.logged.push(line)),
  agent: agentRuntime({
    can: { task: [], read: [], write: [], network: [], tools: [], models },
  }),
});

it("asks for the shape once, and says which model made a vector", async () => {
  answers = [];
  const socket = await gateway();
  for (let n = 0; n < 2; n += 1) {
    const embedder = await embedderFor(world(socket));
    expect(embedder).toMatchObject({ model: "embedder/embed-1", dimensions: 3 });
    expect(await embedder?.embed(["a", "b"])).toHaveLength(2);
  }
  expect(asked.map(({ input }) => input)).toEqual([["memory"], ["a", "b"], ["a", "b"]]);
  expect(asked[0]?.model).toBe("embedder");
});

it("is the lexical one without the grant, and where the gateway is away", async () => {
  expect(await embedderFor(world("/nowhere", []))).toBeNull();
  expect(at.logged).toEqual([]);
  expect(await embedderFor(world("/nowhere"))).toBeNull();
  answers = [["embed-1", 0]];
  expect(await embedderFor(world(await gateway()))).toBeNull();
  expect(at.logged.join("\n")).toContain("the gateway says 503");
});

it.each(["null", "[]", "{}", '{"model":7,"dimensions":3}', '{"model":"m","dimensions":-1}', "{"])(
  "asks anew where what it kept is %s",
  async (kept) => {
    answers = [];
    fs.writeFileSync(path.join(at.paths.state, "memory-embedder.json"), kept);
    expect(await embedderFor(world(await gateway()))).toMatchObject({
      model: "embedder/embed-1",
      dimensions: 3,
    });
  },
);

it("takes no vector of another model, and asks anew", async () => {
  answers = [
    ["embed-1", 3],
    ["embed-2", 3],
    ["embed-2", 5],
  ];
  const socket = await gateway();
  const before = await embedderFor(world(socket));
  await expect(before?.embed(["a"])).rejects.toThrow("another model now");
  expect(fs.existsSync(path.join(at.paths.state, "memory-embedder.json"))).toBe(false);
  expect(await embedderFor(world(socket))).toMatchObject({
    model: "embedder/embed-2",
    dimensions: 5,
  });
});
