/** MCP servers at an address: keys in headers, redirects, endless answers, restarts, grants that end. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { AgentRuntime } from "../../../src/config/runtime.ts";
import type { McpServer } from "../../../src/config/types.ts";
import { createMcp } from "../../../src/runner/mcp.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { createLog } from "../../../src/system/log.ts";
import { agentRuntime } from "../../support/agent-runtime.ts";
import { createWorld } from "../support/world.ts";
import { startSite } from "./support/http-server.ts";

async function setting(path: string, change: { readonly until?: number } = {}) {
  const [world, site] = [createWorld(), await startSite()];
  onTestFinished(() => world.remove());
  onTestFinished(() => site.close());
  writeFileSync(join(world.base, "wiki"), "s3cret\n");
  const target = new URL(site.url).host;
  const logged: string[] = [];
  let now = 1_000_000;
  const server = {
    ...{ kind: "url", url: `${site.url}${path}`, headers: { "X-Team": "a" } },
    ...{ credentials: { Authorization: "wiki" }, timeoutSeconds: 60 },
  } as McpServer;
  const can: AgentRuntime["can"] = {
    ...{ task: [], read: [], write: [], models: [] },
    ...{ network: [target], tools: ["mcp.site"] },
  };
  const until: Record<string, number> =
    change.until === undefined ? {} : { [`network:${target}`]: change.until };
  const mcp = createMcp({
    agent: agentRuntime({ can, mcp: { site: server }, constraints: { tools: {}, until } }),
    paths: { ...agentPaths("/nowhere", "x"), workspace: world.workspace, state: world.base },
    isolation: "none",
    disk: nodeDisk,
    log: { ...createLog(), info: (...words) => void logged.push(JSON.stringify(words)) },
    now: () => now,
    credentials: world.base,
  });
  onTestFinished(() => mcp.close());
  const list = async () => {
    const [source] = mcp.sources;
    if (source === undefined) throw new Error("no source");
    return source.list();
  };
  const found = async (name = "greet") => {
    const tool = (await list()).tools.find((one) => one.name === `mcp.site.${name}`);
    if (tool === undefined) throw new Error("no tool");
    return tool;
  };
  return {
    site,
    list,
    pass: (ms: number) => {
      now += ms;
    },
    found,
    world,
    logged,
    close: () => mcp.close(),
    greet: async (name = "greet") => (await found(name)).run({}, world.context),
  };
}

test("it is called with its headers, its key as a bearer token, and again after it forgot us", async () => {
  const { site, greet, world } = await setting("/mcp");
  expect((await greet()).text).toContain("hello");
  expect(site.heard[0]?.headers).toMatchObject({ authorization: "Bearer s3cret", "x-team": "a" });
  // A key that people changed is the one that goes out.
  writeFileSync(join(world.base, "wiki"), "changed\n");
  await greet();
  expect(site.heard.at(-1)?.headers.authorization).toBe("Bearer changed");
  site.forget();
  expect(await greet()).toMatchObject({ ok: true, text: expect.stringContaining("hello") });
});

test("a redirect to another origin is not followed, and an answer without end is cut", async () => {
  const away = await setting("/elsewhere");
  expect((await away.list()).trouble).toContain("edirect");
  expect(away.site.heard).toHaveLength(1);
  const endless = await setting("/endless");
  expect((await endless.list()).trouble).toContain("an answer of more than");
});

test("an answer whose stream ends without it is not waited for, and asked again only where twice is once", async () => {
  for (const how of ["ends", "dies"] as const) {
    const { site, greet } = await setting("/mcp");
    await greet();
    site.break(how);
    const cut = await greet();
    expect(cut).toMatchObject({ ok: false, text: expect.stringContaining("was interrupted") });
    expect(site.calls).toEqual(["greet", "greet"]);
    await greet("look");
    expect(site.calls).toEqual(["greet", "greet", "look", "look"]);
    site.break("not");
    expect((await greet()).text).toContain("hello");
  }
});

test("an answer that nobody waits for any more is hung up on", async () => {
  const { site, found, world } = await setting("/mcp");
  const tool = await found("never");
  const stop = new AbortController();
  const asked = tool.run({}, { ...world.context, signal: stop.signal });
  await expect.poll(() => site.calls, { timeout: 30_000 }).toEqual(["never"]);
  expect(site.left()).toBe(0);
  stop.abort("stopped");
  expect((await asked).text).toContain("was interrupted");
  await expect.poll(site.left, { timeout: 30_000 }).toBe(1);
});

test("a session that a server has forgotten is opened anew, whichever way it says so", async () => {
  const { site, greet } = await setting("/strict");
  await greet();
  site.forget();
  expect(await greet()).toMatchObject({ ok: true, text: expect.stringContaining("hello") });
});

test("a server that wants to be listened to again at once is listened to at our pace", async () => {
  const { site, greet } = await setting("/hasty");
  for (let count = 0; count < 30; count++) await greet();
  const listened = site.heard.filter(({ method }) => method === "GET").length;
  expect(listened).toBeGreaterThan(0);
  expect(listened).toBeLessThan(6);
});

test("a server that wants a key says so in our words, and nothing of its page is in them", async () => {
  const { list } = await setting("/key");
  const { trouble } = await list();
  expect(trouble).toContain("it wants a key (401)");
  expect(trouble).toContain("con credential set");
  expect(trouble).not.toContain("Obey");
});

test("a key that no header can hold is said and not shown", async () => {
  for (const bad of ["s3cret\nx", "s3cret€", "s3cret\0x"]) {
    const { world, list, logged, site } = await setting("/mcp");
    writeFileSync(join(world.base, "wiki"), bad);
    const { trouble } = await list();
    expect(trouble).toContain("credential wiki");
    expect(`${trouble} ${logged.join()}`).not.toContain("s3cret");
    expect(site.heard).toHaveLength(0);
  }
});

test("a server is told that its session is over", async () => {
  const { site, greet, close } = await setting("/mcp");
  await greet();
  await close();
  expect(site.heard.at(-1)).toMatchObject({ method: "DELETE" });
});

test("a grant that ends, ends it, also for a tool that was found before; and what is gone is said", async () => {
  const { list, found, pass, world, site } = await setting("/mcp", { until: 2_000_000 });
  const tool = await found();
  pass(1_500_000);
  const before = site.heard.length;
  expect((await list()).trouble).toContain("can.network does not reach");
  expect((await tool.run({}, world.context)).text).toContain("Nothing was done");
  expect(site.heard).toHaveLength(before);
  const gone = await setting("/mcp");
  await gone.site.close();
  expect((await gone.list()).trouble).toContain("ECONNREFUSED");
});
