import http from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { bodyLimits } from "../../src/gateway/body.ts";
import { createFairQueue } from "../../src/gateway/queue.ts";
import type { ReadPeer } from "../../src/system/peercred.ts";
import { type GatewayWorld, openWorld } from "./world.ts";

let world: GatewayWorld | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

const as =
  (uid: number): ReadPeer =>
  () => ({ pid: 1, uid, gid: uid });
const rules = [{ when: "", turns: [{ text: "ok" }] }];

describe("identity", () => {
  it("refuses a uid that is nobody's, whatever it claims", async () => {
    world = await openWorld(rules, { readPeer: as(777) });
    const found = await world.raw("/v1/models", null);
    expect(found.status).toBe(403);
    expect(await world.ask("hi")).toMatchObject([
      { kind: "error", error: { kind: "permanent", status: 403 } },
    ]);
    expect(world.upstream.requests).toHaveLength(0);
  });

  it("shows and allows a caller its own aliases only", async () => {
    const aliases = { smart: ["up/scripted-1"], secret: ["up/scripted-1"] };
    world = await openWorld(rules, { readPeer: as(4242), aliases });
    expect(JSON.parse((await world.raw("/v1/models", null)).body)).toMatchObject({
      data: [{ id: "smart" }],
    });
    const message = expect.stringContaining("can.models in its manifest does not list it");
    expect(await world.ask("hi", "secret")).toMatchObject([
      { kind: "error", error: { status: 404, message } },
    ]);
    expect((await world.ask("hi", "smart")).at(-1)).toMatchObject({ kind: "reply" });
    expect(world.ledger()).toMatchObject([{ uid: 4242, agent: "worker" }]);
  });

  it("reads the real peer from the kernel", async () => {
    world = await openWorld(rules);
    await world.ask("hi");
    expect(world.ledger()).toMatchObject([{ uid: process.getuid?.() }]);
  });
});

describe("requests", () => {
  it.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["no model", '{"messages":[]}'],
    ["no messages", '{"model":"smart"}'],
  ])("%s is refused with 400", async (_, body) => {
    world = await openWorld(rules);
    expect((await world.raw("/v1/chat/completions", body)).status).toBe(400);
  });

  it("an oversized body is refused, and the next call works", async () => {
    world = await openWorld(rules);
    const { socket } = world;
    const status = await new Promise<number | string>((resolve) => {
      const request = http.request({
        socketPath: socket,
        path: "/v1/chat/completions",
        method: "POST",
        agent: false,
      });
      request.on("response", (response) => resolve(response.statusCode ?? 0));
      request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "?"));
      request.end(Buffer.alloc(bodyLimits.bytes + 1, 32));
    });
    expect([413, "EPIPE", "ECONNRESET"]).toContain(status);
    expect((await world.ask("hi")).at(-1)).toMatchObject({ kind: "reply" });
  });

  it("passes embeddings on", async () => {
    world = await openWorld(rules);
    const found = await world.raw("/v1/embeddings", '{"model":"smart","input":"text"}');
    expect(JSON.parse(found.body)).toMatchObject({ data: [{ embedding: [0.5, -0.5] }] });
  });
});

describe("the queue", () => {
  const signal = new AbortController().signal;

  it("gives waiting callers turns, however many calls one of them has", async () => {
    const queue = createFairQueue(() => 1, 10);
    const order: number[] = [];
    const first = await queue.enter(1, signal);
    const waiting = [1, 1, 1, 2].map(async (uid) => {
      const release = await queue.enter(uid, signal);
      order.push(uid);
      release?.();
    });
    first?.();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 1, 1]);
  });

  it("never runs more than the limit, and frees a place once", async () => {
    const queue = createFairQueue(() => 2, 10);
    const [a, b] = [await queue.enter(1, signal), await queue.enter(2, signal)];
    let third = false;
    const later = queue.enter(3, signal).then((release) => {
      third = true;
      return release;
    });
    await Promise.resolve();
    expect(third).toBe(false);
    a?.();
    a?.();
    (await later)?.();
    b?.();
    expect(third).toBe(true);
  });

  it("refuses what is too much, and forgets who has gone", async () => {
    const queue = createFairQueue(() => 1, 1);
    const running = await queue.enter(1, signal);
    const gone = new AbortController();
    const waiting = queue.enter(1, gone.signal);
    expect(await queue.enter(1, signal)).toBeNull();
    gone.abort();
    expect(await waiting).toBeNull();
    const next = queue.enter(1, signal);
    running?.();
    expect(await next).not.toBeNull();
  });
});
