/** What a gateway keeps about agents, over a real socket: who said it, what is refused, what is on disk. */
import fs from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { verifyChain } from "../../src/system/chain.ts";
import { dailyFiles } from "../../src/system/daily-chain.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import type { PeerCredentials } from "../../src/system/peercred.ts";
import { type GatewayWorld, openWorld, secret } from "./world.ts";

const worker = 4242;
const stranger = 77;
const stream = "00112233aabbccdd";

async function world(peer: () => Partial<PeerCredentials>): Promise<GatewayWorld> {
  const opened = await openWorld([{ when: "", turns: [{ text: "Hello" }] }], {
    readPeer: () => ({ pid: 1, uid: worker, gid: 1, ...peer() }),
  });
  onTestFinished(() => opened.close());
  return opened;
}

const auditOf = ({ socket }: GatewayWorld): string => join(dirname(socket), "audit");

function records(at: GatewayWorld): Record<string, unknown>[] {
  const files = dailyFiles(nodeDisk, auditOf(at), "agents");
  expect(verifyChain(nodeDisk, files)).toMatchObject({ ok: true });
  return files
    .flatMap((file) => fs.readFileSync(file, "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ kind }) => kind !== "day-begins");
}

const call = (n: number, more: object = {}) => ({
  kind: "tool-call",
  task: "t",
  ...{ stream, n, step: 1, index: n, name: "shell" },
  ...{ args_sha256: "0".repeat(64), args_bytes: 9, preview: "ls" },
  ...more,
});

async function send(at: GatewayWorld, ...events: unknown[]) {
  const { status, body } = await at.raw("/con/audit", JSON.stringify({ events }));
  return { status, ...(JSON.parse(body) as Record<string, unknown>) };
}

test("an event stands under the name of the kernel's uid, whatever it says itself", async () => {
  const at = await world(() => ({}));
  const forged = {
    uid: 0,
    agent: "root",
    at: "1999",
    source: "gateway",
    seq: 9,
    hash: "x",
    prev: "y",
  };
  expect(await send(at, call(1, forged))).toMatchObject({ status: 200, accepted: 1, refused: [] });
  const [line] = records(at);
  expect(line).toMatchObject({ agent: "worker", uid: worker, source: "runner", n: 1, stream });
  expect(line?.["at"]).not.toBe("1999");
});

test("a stranger adds nothing, and is on record", async () => {
  const at = await world(() => ({ uid: stranger }));
  expect(await send(at, call(1))).toMatchObject({ status: 403 });
  expect(records(at)).toMatchObject([{ kind: "denied", uid: stranger, agent: null }]);
});

test("a flood of strangers does not fill the disk", async () => {
  const at = await world(() => ({ uid: stranger }));
  for (let n = 0; n < 60; n += 1) await send(at, call(1));
  expect(records(at).length).toBeLessThan(30);
});

test("what is no event is refused by itself, and the refusal is on record", async () => {
  const at = await world(() => ({}));
  const bad: [object, RegExp][] = [
    [call(1, { kind: "model-call" }), /kind/],
    [call(1, { kind: "constructor" }), /kind/],
    [call(1, { args_sha256: "short" }), /args_sha256/],
    [call(1, { index: -1 }), /index/],
    [call(1, { name: undefined }), /name/],
    [call(1, { stream: "x" }), /stream/],
    [call(1, { n: 0.5 }), /number/],
    [call(1, { preview: "x".repeat(5000) }), /longer than 4096/],
    [{ kind: "task", stream, n: 1, state: "owned" }, /state/],
    [{ kind: "approval", stream, n: 1, state: "approved", id: 1 }, /id/],
    [[], /object/],
  ];
  for (const [event, why] of bad)
    expect(await send(at, event)).toMatchObject({
      ...{ status: 200, accepted: 0 },
      refused: [{ index: 0, why: expect.stringMatching(why) }],
    });
  expect(await send(at, {}, call(1))).toMatchObject({ accepted: 1, refused: [{ index: 0 }] });
  const kinds = records(at).map(({ kind }) => kind);
  expect(kinds).toEqual([...bad.map(() => "refused-events"), "tool-call", "refused-events"]);
});

test("more than 64 KiB, no list, or no JSON is refused whole", async () => {
  const at = await world(() => ({}));
  expect((await at.raw("/con/audit", "x".repeat(70_000))).status).toBe(413);
  for (const body of ["{", "[]", "null", '{"events":[]}', '{"events":{}}'])
    expect((await at.raw("/con/audit", body)).status).toBe(400);
  expect(fs.existsSync(auditOf(at))).toBe(false);
});

test("one user cannot send without end, and delays nobody else", async () => {
  let uid = worker;
  const at = await world(() => ({ uid }));
  const many = Array.from({ length: 150 }, (_, at) => ({
    kind: "lost",
    stream,
    n: at + 1,
    count: 1,
  }));
  let status = 200;
  for (let n = 0; n < 40 && status === 200; n += 1) ({ status } = await send(at, ...many));
  expect(status).toBe(429);
  uid = 0;
  expect(await send(at, call(1))).toMatchObject({ status: 200 });
});

test("a batch that comes twice is written once, and what is missing is said", async () => {
  const at = await world(() => ({}));
  await send(at, call(1), call(2));
  expect(await send(at, call(1), call(2), call(3))).toMatchObject({ accepted: 3 });
  await send(at, call(7));
  const seen = records(at).map(({ kind, n, count }) => [kind, n ?? count]);
  expect(seen).toEqual([...[1, 2, 3].map((n) => ["tool-call", n]), ["gap", 3], ["tool-call", 7]]);
});

test("keys are taken out again, whatever the sender did", async () => {
  const at = await world(() => ({}));
  await send(
    at,
    call(1, {
      preview: `cat <<E\n-----BEGIN PRIVATE KEY-----\nMIIsecret\n-----END PRIVATE KEY-----`,
    }),
    { kind: "denied", stream, n: 2, code: "rate", asked: "write password=hunter2" },
  );
  const text = JSON.stringify(records(at));
  expect(text).toContain("[redacted]");
  expect(text).not.toMatch(/MIIsecret|hunter2/);
});

test("model calls are written by the gateway itself, with what they cost", async () => {
  const at = await world(() => ({}));
  await at.ask("hi");
  expect(records(at)).toMatchObject([
    {
      ...{ kind: "model-call", agent: "worker", uid: worker, task: "task-1", alias: "smart" },
      ...{ model: "up/scripted-1", status: 200, source: "gateway" },
    },
  ]);
  expect(JSON.stringify(records(at))).not.toContain(secret);
});

test("what cannot be written is not accepted", async () => {
  const at = await world(() => ({}));
  // A file where the directory should be.
  fs.writeFileSync(auditOf(at), "");
  expect(await send(at, call(1))).toMatchObject({ status: 503 });
  fs.unlinkSync(auditOf(at));
  expect(await send(at, call(1))).toMatchObject({ status: 200, accepted: 1 });
  expect(records(at)).toMatchObject([{ kind: "tool-call", n: 1 }]);
});
