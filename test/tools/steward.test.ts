import { expect, test } from "vitest";
import { createAskSteward } from "../../src/runner/steward.ts";
import { amendAgent, commissionAgent, controlAgent, retireAgent } from "../../src/tools/steward.ts";
import type { Tool } from "../../src/tools/tool.ts";
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

test("a request that cannot be handed over is told, not thrown", async () => {
  const missing = () => {
    throw Object.assign(new Error("no"), { code: "ENOENT" });
  };
  const disk = new Proxy({}, { get: () => missing }) as never;
  const ask = createAskSteward(disk, "x", "01900000-0000-7000-8000-000000000000");
  const result = await ask({ verb: "retire", agent: "y", why: "" }, "1-1");
  expect(result).toEqual({ ok: false, why: expect.stringContaining("the steward was not asked") });
});
