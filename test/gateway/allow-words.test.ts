/** What a request to allow more may say, byte by byte, and the words in which it is refused: without a socket. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import type { GatewayCaller } from "../../src/config/runtime.ts";
import { type AllowDeps, serveAllow } from "../../src/gateway/allow.ts";
import { maxSlices } from "../../src/gateway/budget.ts";
import type { Allowance } from "../../src/gateway/ledger/allowances.ts";
import type { Ledger } from "../../src/gateway/ledger.ts";
import { emptyRuntime } from "./world.ts";

const callerOf = (uid: number, name: string): GatewayCaller => ({
  ...{ uid, name, tier: null, models: [], budget: noBudget },
});
const root = callerOf(0, "root");
const runtime = { ...emptyRuntime, callers: [root, callerOf(0, "worker"), callerOf(7, "desk")] };

/** What was answered, or went wrong, and what was written on the way, in order. */
async function post(body: string, of: { by?: GatewayCaller; fault?: Error } = {}) {
  const told: unknown[] = [];
  const note = (what: string) => (_: unknown, said: unknown) => void told.push([what, said]);
  const ledger = (allow: (allowance: Allowance) => number) => ({ allow }) as unknown as Ledger;
  const deps: AllowDeps = {
    runtime,
    audit: { write: note("audit"), denied: note("denied") },
    ledger: async () => {
      if (of.fault !== undefined) throw of.fault;
      return ledger((allowance) => {
        told.push(["allow", allowance]);
        return allowance.slices;
      });
    },
  };
  const response = {
    writeHead: (status: number, headers: object) => told.push(["head", status, headers]),
    end: (text: string) => told.push(["end", text]),
  } as unknown as ServerResponse;
  const request = Readable.from([Buffer.from(body)]) as unknown as IncomingMessage;
  const problem = await serveAllow(deps, of.by ?? root, request, response);
  return { problem, told };
}

const wish = (more: object = {}): string =>
  JSON.stringify({ agent: "desk", task: "t", unit: "usd", slices: 2, ...more });
const refused = (status: number, message: string, retryAfterSeconds: number | null = null) => ({
  problem: { status, message, retryAfterSeconds },
  told: [],
});

test("it stands in the audit trail before it holds, and holds before it is answered", async () => {
  const holder = { uid: 7, name: "desk", task: "t" };
  expect(await post(wish())).toEqual({
    problem: null,
    told: [
      [
        "audit",
        [{ kind: "allowance", for: "desk", task: "t", unit: "usd", slices: 2, source: "gateway" }],
      ],
      ["allow", { holder, unit: "usd", slices: 2 }],
      ["head", 200, { "content-type": "application/json" }],
      ["end", '{"slices":2}'],
    ],
  });
});

test("from anybody but root it is refused unread, and told to the audit trail", async () => {
  const asked = "allow a task to spend more: only root may, after people agreed";
  expect(await post(wish(), { by: callerOf(7, "root") })).toEqual({
    problem: { status: 403, message: asked, retryAfterSeconds: null },
    told: [["denied", { code: "not_granted", asked }]],
  });
});

test.each([
  ["the longest name of a task", { task: "x".repeat(200) }],
  ["tokens", { unit: "tokens" }],
  ["a single slice", { slices: 1 }],
  ["as often as people may agree", { slices: maxSlices }],
])("it may name %s", async (_, more) => {
  expect((await post(wish(more))).problem).toBeNull();
});

const task = "`task` must be a text of 1 to 200 characters";
const unit = "`unit` must be usd or tokens";
const slices = "`slices` must be a number from 1 to 1000000";

test.each([
  ["an empty task", { task: "" }, task],
  ["a task of 201 characters", { task: "x".repeat(201) }, task],
  ["a task that is no text", { task: ["t"] }, task],
  ["hours", { unit: "hours" }, unit],
  ["a text for a number", { slices: "2" }, slices],
  ["a list for a number", { slices: [2] }, slices],
  ["none", { slices: 0 }, slices],
  ["half a slice", { slices: 0.5 }, slices],
  ["a slice and a half", { slices: 1.5 }, slices],
  ["one too many", { slices: maxSlices + 1 }, slices],
])("it may not name %s", async (_, more, why) => {
  expect(await post(wish(more))).toEqual(refused(400, why));
});

test.each(["root", "worker", "nobody"])("it may not name %s, who is no agent", async (agent) => {
  expect(await post(wish({ agent }))).toEqual(
    refused(404, "`agent` must name an agent of this system"),
  );
});

test.each(["{", "null", "7", ""])("%j is no request", async (body) => {
  expect(await post(body)).toEqual(refused(400, task));
});

test("it may not be longer than it ever has to be", async () => {
  const pad = (bytes: number) => wish().padEnd(bytes, " ");
  expect((await post(pad(4096))).problem).toBeNull();
  expect(await post(pad(4097))).toEqual(refused(413, "more than 4096 bytes"));
});

test("where it cannot be written it does not hold, and root comes again", async () => {
  const why = "an allowance cannot be written: disk is full";
  expect(await post(wish(), { fault: new Error("disk is full") })).toEqual(refused(503, why, 5));
});
