import { expect, test } from "vitest";
import { createAskSteward } from "../../src/runner/steward.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { readNote } from "../../src/spool/notes.ts";
import { proposeChange } from "../../src/tools/propose.ts";
import { installPackage, requestGrant } from "../../src/tools/request.ts";
import { amendAgent, commissionAgent, controlAgent, retireAgent } from "../../src/tools/steward.ts";
import type { Tool } from "../../src/tools/tool.ts";
import { MemoryDisk } from "../spool/support/memory-disk.ts";
import { createWorld } from "./support/world.ts";

async function asked(tool: Tool, args: Record<string, unknown>) {
  const seen: unknown[] = [];
  const world = createWorld({
    now: () => 1000,
    steward: async (request, callId) => {
      seen.push({ ...request, callId });
      return { ok: true, id: "the-id" };
    },
  });
  const result = await world.run(tool, args);
  world.remove();
  return { result, seen };
}

test.each<[Tool, Record<string, unknown>, object]>([
  [
    commissionAgent,
    { manifest: "name: x", instructions: "y" },
    { verb: "commission", manifest: "name: x", instructions: "y", why: "" },
  ],
  [
    amendAgent,
    { agent: "x", manifest: "name: x" },
    { verb: "amend", agent: "x", manifest: "name: x", why: "" },
  ],
  [retireAgent, { agent: "x", why: "a\nb" }, { verb: "retire", agent: "x", why: "a b" }],
  [
    controlAgent,
    { agent: "x", action: "kill", why: "hangs" },
    { verb: "kill_session", agent: "x", why: "hangs" },
  ],
  [
    requestGrant,
    { kind: "tool", what: "shell", for: "2h", uses: 3, why: "to\nbuild" },
    {
      ...{ verb: "grant", agent: "tester", why: "to build" },
      can: { tools: [{ shell: { for: "2h", uses: 3 } }] },
    },
  ],
  [
    requestGrant,
    { kind: "network", what: "h:443", why: "x" },
    { verb: "grant", agent: "tester", can: { network: ["h:443"] }, why: "x" },
  ],
  [installPackage, { packages: ["jq"], why: "x" }, { verb: "install", packages: ["jq"], why: "x" }],
  [
    proposeChange,
    { target: "instructions", files: [{ path: "AGENTS.md", append: "x" }], why: "a\nb" },
    {
      ...{ verb: "propose", target: "instructions", why: "a b", tainted: false },
      ...{ files: [{ path: "AGENTS.md", append: "x" }], call: "1-1" },
      ...{ task: expect.any(String), from: expect.any(String), trust: expect.any(String) },
    },
  ],
])("$name asks for exactly that, and holds", async (tool, args, request) => {
  const { result, seen } = await asked(tool, args);
  expect(seen).toEqual([{ ...request, callId: "1-1" }]);
  expect(result).toMatchObject({ ok: true, hold: { waitFor: ["the-id"] } });
  expect(result.hold?.until).toBeGreaterThan(24 * 3_600_000);
});

test("without a steward, and where it cannot be asked, nothing is held", async () => {
  const world = createWorld();
  const result = await world.run(retireAgent, { agent: "x" });
  expect(result).toEqual({ ok: false, text: expect.stringContaining("no steward here") });
  world.remove();
  const away = createWorld({ steward: async () => ({ ok: false, why: "the disk is full" }) });
  expect(await away.run(retireAgent, { agent: "x" })).toEqual({
    ok: false,
    text: "the disk is full",
  });
  away.remove();
});

const task = "01900000-0000-7000-8000-000000000000";

test("a request that cannot be handed over is told, not thrown", async () => {
  const missing = () => {
    throw Object.assign(new Error("no"), { code: "ENOENT" });
  };
  const disk = new Proxy({}, { get: () => missing }) as never;
  const world = { disk, now: Date.now, paths: agentPaths("/r", "x"), agent: { name: "x" } };
  const ask = createAskSteward(world, task);
  const result = await ask({ verb: "retire", agent: "y", why: "" }, "1-1");
  expect(result).toEqual({ ok: false, why: expect.stringContaining("the steward was not asked") });
});

test("that a call waits is on disk before the steward is asked, for root's answer alone", async () => {
  const paths = agentPaths("/r", "x");
  const memory = new MemoryDisk([...Object.values(paths.queue), `${paths.state}/sent`]);
  const disk = memory.disk();
  const world = { disk, now: Date.now, paths, agent: { name: "x" } };
  const wait = { until: Date.now() + 1000, why: "the end of y" };
  // There is no inbox of a steward on this disk: what lies there was there before.
  const result = await createAskSteward(world, task)({ verb: "retire", agent: "y" }, "1-1", wait);
  expect(result.ok).toBe(false);
  expect(readNote(disk, paths, task)?.calls).toEqual([
    { call: "1-1", ...wait, waitFor: [{ id: expect.any(String), from: null }], over: null },
  ]);
});

test("a proposal says that its task has read words of strangers", async () => {
  const seen: unknown[] = [];
  const world = createWorld({
    task: { id: "t", from: "trent", trust: "unverified", tainted: true },
    steward: async (request) => {
      seen.push(request);
      return { ok: true, id: "the-id" };
    },
  });
  await world.run(proposeChange, { target: "skill:x", files: [], why: "y" });
  world.remove();
  expect(seen).toMatchObject([
    { task: "t", from: "trent", trust: "unverified", tainted: true, target: "skill:x" },
  ]);
});
