/** The configuration is followed: on disk as root writes it, and through a gateway that goes on running. */
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import { compiledPaths, readGateway } from "../../src/config/compiled.ts";
import type { GatewayCaller, GatewayRuntime } from "../../src/config/runtime.ts";
import { followConfiguration } from "../../src/gateway/configuration.ts";
import { createFairQueue } from "../../src/gateway/queue.ts";
import { createLog } from "../../src/system/log.ts";
import { emptyRuntime, type GatewayWorld, openWorld, type WorldOptions } from "./world.ts";

const caller = (uid: number, models: readonly string[]): GatewayCaller => ({
  ...{ uid, name: `agent-${uid}`, tier: "worker", models, budget: noBudget },
});

describe("the file", () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "con-follow-"));
    path = compiledPaths(directory).gateway;
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (text: string): void => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  const put = (change: Partial<GatewayRuntime>): void =>
    write(JSON.stringify({ ...emptyRuntime, ...change }));

  function follow() {
    const lines: string[] = [];
    let reads = 0;
    const read = (): GatewayRuntime => {
      reads += 1;
      return readGateway(directory);
    };
    const log = createLog((line) => lines.push(line));
    const current = followConfiguration({ path, read, log });
    const errors = () => lines.filter((line) => line.includes("cannot be used"));
    return { current, errors, reads: () => reads };
  }

  test("is read again when it is another, and only then", () => {
    put({ maxConcurrent: 1 });
    const { current, reads } = follow();
    const first = current();
    expect(current()).toBe(first);
    expect(reads()).toBe(1);
    put({ maxConcurrent: 2 });
    expect(current().maxConcurrent).toBe(2);
    expect(first.maxConcurrent).toBe(1);
    expect(current()).toBe(current());
    expect(reads()).toBe(2);
  });

  test("of the same size and time is another all the same", () => {
    put({ maxConcurrent: 1 });
    utimesSync(path, 1, 1);
    const { current } = follow();
    put({ maxConcurrent: 2 });
    utimesSync(path, 1, 1);
    expect(current().maxConcurrent).toBe(2);
  });

  test.each([
    ["cut off", (text: string) => text.slice(0, 40)],
    ["empty", () => ""],
    ["of another version", () => '{"version":2}'],
    ["without its callers", () => '{"version":1,"models":{}}'],
    ["nothing at all", () => "null"],
    ["with callers of no form", (text: string) => text.replace('"callers":[]', '"callers":[{}]')],
  ])("%s changes nothing, and is told once", (_, damage) => {
    put({ maxConcurrent: 3 });
    const { current, errors } = follow();
    write(damage(JSON.stringify(emptyRuntime)));
    expect(current().maxConcurrent).toBe(3);
    expect(current().maxConcurrent).toBe(3);
    expect(errors()).toEqual([expect.stringContaining("con bootstrap")]);
    put({ maxConcurrent: 4 });
    expect(current().maxConcurrent).toBe(4);
    expect(errors()).toHaveLength(1);
  });

  test("that is gone changes nothing, and one that is there again counts", () => {
    put({ maxConcurrent: 3 });
    const { current, errors } = follow();
    rmSync(path);
    expect([current().maxConcurrent, current().maxConcurrent]).toEqual([3, 3]);
    expect(errors()).toHaveLength(1);
    put({ maxConcurrent: 5 });
    expect(current().maxConcurrent).toBe(5);
    rmSync(path);
    expect(current().maxConcurrent).toBe(5);
    expect(errors()).toHaveLength(2);
  });
});

async function world(uid: () => number, options: WorldOptions = {}): Promise<GatewayWorld> {
  const rules = [
    { when: "slow", turns: [{ text: "slow but whole", delay_ms: 200 }] },
    { when: "", turns: [{ text: "ok" }] },
  ];
  const opened = await openWorld(rules, {
    readPeer: () => ({ pid: 1, uid: uid(), gid: 1 }),
    ...options,
  });
  onTestFinished(() => opened.close());
  return opened;
}

const isReply = async (events: ReturnType<GatewayWorld["ask"]>): Promise<boolean> =>
  (await events).at(-1)?.kind === "reply";

describe("a gateway that goes on", () => {
  test("serves who was added while a call is under way, which keeps what it began with", async () => {
    let uid = 4242;
    const at = await world(() => uid);
    const slow = at.ask("slow");
    while (at.upstream.requests.length === 0) await new Promise((done) => setImmediate(done));
    at.configure({ callers: [caller(5000, ["smart"])] });
    uid = 5000;
    expect(await isReply(at.ask("hi"))).toBe(true);
    uid = 4242;
    expect((await at.ask("hi")).at(-1)).toMatchObject({ error: { status: 403 } });
    expect(await isReply(slow)).toBe(true);
    expect(at.ledger().map(({ agent }) => agent)).toEqual(["worker", "agent-5000"]);
  });

  test("refuses an alias that was taken away, on a connection that was there before", async () => {
    const at = await world(() => 4242);
    const agent = new http.Agent({ keepAlive: true, agentKeepAliveTimeoutBuffer: 0 });
    onTestFinished(() => agent.destroy());
    const kept = (): Promise<{ status: number; isReused: boolean }> =>
      new Promise((resolve, reject) => {
        const place = { socketPath: at.socket, path: "/v1/chat/completions", method: "POST" };
        const request = http.request({ ...place, agent }, (response) => {
          response.resume();
          response.once("end", () =>
            setImmediate(() =>
              resolve({ status: response.statusCode ?? 0, isReused: request.reusedSocket }),
            ),
          );
        });
        request.once("error", reject);
        request.end('{"model":"smart","messages":[{"role":"user","content":"hi"}]}');
      });
    expect(await kept()).toEqual({ status: 200, isReused: false });
    at.configure({ callers: [caller(4242, ["other"])] });
    expect(await kept()).toEqual({ status: 404, isReused: true });
    at.configure({ callers: [] });
    expect(await kept()).toEqual({ status: 403, isReused: true });
  });

  test("asks the endpoint that an alias names now", async () => {
    const at = await world(() => 4242, { aliases: { smart: ["away/*"] } });
    expect((await at.ask("hi")).at(-1)).toMatchObject({ error: { status: 503 } });
    const away = { baseUrl: at.upstream.url, credential: null };
    at.configure({ providers: { away } });
    expect(await isReply(at.ask("hi"))).toBe(true);
  });
});

test("the queue lets through as many as are allowed now", async () => {
  let limit = 1;
  const queue = createFairQueue(() => limit, 10);
  const signal = new AbortController().signal;
  const first = await queue.enter(1, signal);
  const second = queue.enter(2, signal);
  limit = 3;
  const third = await queue.enter(3, signal);
  const [a, b] = [await second, third];
  limit = 1;
  let last: (() => void) | null = null;
  const fourth = queue.enter(4, signal).then((release) => {
    last = release;
  });
  for (const release of [a, b]) {
    release?.();
    await Promise.resolve();
    expect(last).toBeNull();
  }
  first?.();
  await fourth;
  expect(last).not.toBeNull();
});

test("who has gone before its turn is asked for gets none", async () => {
  const queue = createFairQueue(() => 1, 10);
  expect(await queue.enter(1, AbortSignal.abort())).toBeNull();
});
