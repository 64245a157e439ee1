import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { approve, deny } from "../../src/commands/approvals/decide.ts";
import { listApprovals } from "../../src/commands/approvals/list.ts";
import type { Where } from "../../src/commands/approvals/look.ts";
import { showApproval } from "../../src/commands/approvals/show.ts";
import * as approvals from "../../src/commands/approvals.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { createApproval } from "../../src/steward/approvals/store.ts";
import type { Approval } from "../../src/steward/approvals/types.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

const now = Date.parse("2027-01-01T12:00:00Z");
const id = (count: number): string => newId(count, () => new Uint8Array(10));
const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString();

const waiting = (count: number, rest: Partial<Approval> = {}): Approval => ({
  version: 1,
  id: id(count),
  state: "pending",
  by: { uid: 20_000, name: "a-desk" },
  agent: "desk",
  asked: at(-120),
  expires: at(600),
  needed: 2,
  subject: {
    kind: "tool",
    tool: "shell",
    arguments_sha256: "a".repeat(64),
    arguments_bytes: 5000,
    preview: '{"command":"echo \u001b[2Jhello"}',
    task: id(77),
    call: "1-1",
  },
  approvals: [{ uid: 1000, name: "trent", at: at(-60), why: "looks right" }],
  ended: null,
  settled: false,
  ...rest,
});

function bed(list: readonly Approval[]) {
  const directory = mkdtempSync(join(tmpdir(), "con-approvals-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const one of list) createApproval(nodeDisk, directory, one);
  const made = makeIo("", { env: {}, now: () => now });
  const system = makeSystem(["desk", "evil"]);
  const place: Where = { directory, system: () => ({ runtime: system.runtime, dev: false }) };
  return { place, system, ...made };
}

const held: Approval = waiting(2, {
  needed: 1,
  approvals: [],
  subject: {
    kind: "request",
    verb: "commission",
    request: {
      ...{ version: 1, verb: "commission", why: "a scribe", incident: null },
      manifest: "name: scribe\ntier: operator\n\u202e",
    },
    reasons: ["tier operator"],
  },
});

test("list shows what waits, how long, and how many have agreed; what is over is not there", async () => {
  const over = waiting(3, { expires: at(-1) });
  const { io, out, err, place } = bed([waiting(1), held, over]);
  expect(await listApprovals([], io, place)).toBe(exit.ok);
  const lines = out().split("\n");
  expect(lines[1]).toMatch(/pending {2}desk {3}tool shell {2}1\/2 {5}2 min {2}10 min/);
  expect(lines[2]).toMatch(/commission {2}0\/1 .* tier operator$/);
  expect(lines).toHaveLength(4);
  expect(out()).not.toContain("\u001b");
  expect(err()).toBe("");
});

test("--all and --json show the end that nobody wrote down yet", async () => {
  const { io, out, place } = bed([waiting(3, { expires: at(-1) })]);
  await listApprovals(["--all", "--json"], io, place);
  expect(JSON.parse(out())).toMatchObject({
    approvals: [{ id: id(3), state: "expired", ended: { by: null } }],
    damaged: [],
  });
});

test("more money: how much, beyond what, on which task, and what that task is", async () => {
  const subject: Approval["subject"] = {
    kind: "spend",
    unit: "usd",
    ...{ agent: "desk", task: id(77), limit: 0.5, allowed: 1, slice: 2 },
    ...{ amount: 0.5, beyond: 1, waiting: { task: id(77), call: "3-model" } },
    about: "Count the stars.\u001b[2J",
  };
  const { io, out, place } = bed([waiting(4, { subject })]);
  await listApprovals([], io, place);
  const words = `spend another 0.50 USD (beyond 1.00 USD) on task ${id(77)}`;
  expect(out()).toContain(words);
  expect(out()).toContain("Count the stars.");
  await showApproval([id(4)], io, place);
  for (const text of [`what     ${words}`, "for      desk", "call 3-model", "2 times 0.5 usd"])
    expect(out()).toContain(text);
  expect(out()).not.toContain("\u001b");
});

test("nothing waits; a damaged file is named", async () => {
  const { io, out, err, place } = bed([]);
  writeFileSync(join(place.directory, `${id(1)}.json`), "{");
  expect(await listApprovals([], io, place)).toBe(exit.ok);
  expect(out()).toBe("nothing waits for a person\n");
  expect(err()).toContain(`${id(1)}: its file is damaged`);
});

test("show says what is hidden, and obeys nothing that is shown", async () => {
  const { io, out, place } = bed([waiting(1)]);
  expect(await showApproval([id(1)], io, place)).toBe(exit.ok);
  for (const text of [
    "state    pending, 1 of 2 have approved",
    "by trent: looks right",
    "\\u001b[2Jhello",
    "NOT ALL IS SHOWN of 5000 bytes",
    `con approvals approve ${id(1)}`,
  ])
    expect(out()).toContain(text);
  expect(out()).not.toContain("\u001b");
});

test("show has the whole of a request", async () => {
  const { io, out, place } = bed([held]);
  await showApproval([id(2)], io, place);
  for (const text of ["because  tier operator", "why:\na scribe\n", "tier: operator\n\\u202e"])
    expect(out()).toContain(text);
});

test("an unknown one is 65, a directory that one may not enter 77", async () => {
  const { io, place } = bed([]);
  expect(await failure(() => showApproval([id(9)], io, place))).toMatchObject({
    code: exit.badInput,
  });
  chmodSync(place.directory, 0o000);
  onTestFinished(() => chmodSync(place.directory, 0o700));
  if (process.getuid?.() === 0) return;
  expect(await failure(() => listApprovals([], io, place))).toMatchObject({
    code: exit.permission,
  });
});

test("deny needs a reason, and both an id", async () => {
  const { io } = bed([]);
  expect(await failure(() => deny([id(1)], io))).toMatchObject({
    code: exit.usage,
    why: "--why is missing",
  });
  expect(await failure(() => approvals.run(["approve", "../x"], io))).toMatchObject({
    code: exit.badInput,
    why: "it is no id",
  });
});

test("con dev has none, and help has an example", async () => {
  const { root } = makeSystem();
  expect(await failure(() => approvals.run([], makeIo(root).io))).toMatchObject({
    code: exit.unavailable,
  });
  const { io, out } = makeIo("");
  for (const argv of [["--help"], ["list", "--help"], ["show", "--help"], ["deny", "--help"]])
    expect(await approvals.run(argv, io)).toBe(exit.ok);
  expect(out().match(/Example:/g)).toHaveLength(4);
});

/** What the runner of `agent` shows of a held task. */
const asks = (agent: string, task: string, question: string): [string, string] => [
  `agents/${agent}/outbox/${task}.held`,
  JSON.stringify({
    ...{ con: 1, id: id(50), task, state: "held", asked: at(-60), until: at(3600) },
    ...{ why: "waits for a person's word", question },
  }),
];

function inboxOf(root: string, agent: string): string[] {
  const { inbox } = agentPaths(root, agent);
  return readdirSync(inbox).map((name) => readFileSync(join(inbox, name), "utf8"));
}

test("a held task that asks without the steward is listed, shown and answered in its agent's inbox", async () => {
  const { io, out, place, system } = bed([waiting(1)]);
  system.put(...asks("desk", id(60), "300 tool calls so far.\u001b[2J Go on?"));
  await listApprovals([], io, place);
  expect(out()).toMatch(/pending {2}desk {3}go on with task \S+ {2}0\/1 {5}60 s {3}60 min/);
  await showApproval([id(50)], io, place);
  expect(out()).toContain(`con approvals approve ${id(50)}`);
  expect(out()).not.toContain("\u001b");
  expect(await approve([id(50), "--why", "only five"], io, place)).toBe(exit.ok);
  await deny([id(50), "--why", "no"], io, place);
  const words = inboxOf(system.root, "desk")
    .sort((a, b) => a.length - b.length)
    .reverse();
  expect(words).toHaveLength(2);
  for (const [index, text] of ["done\nonly five\n", "refused\nno\n"].entries())
    expect(words[index]).toContain(`reply_to: "${id(50)}"\nanswer_of: "person"\n---\n${text}`);
});

test("an agent that claims another's question, or the steward's, gets nobody's word for it", async () => {
  const { io, place, system } = bed([waiting(50)]);
  system.put(...asks("evil", id(61), "yes?"));
  await showApproval([id(50)], io, place);
  // The steward has it: it is asked, and nothing goes to the agent.
  expect(await failure(() => approve([id(50), "--timeout", "1"], io, place))).toBeDefined();
  expect(inboxOf(system.root, "evil")).toEqual([]);
  const both = bed([]);
  for (const agent of ["desk", "evil"]) both.system.put(...asks(agent, id(60), "go on?"));
  expect(await failure(() => approve([id(50)], both.io, both.place))).toMatchObject({
    code: exit.badInput,
    remedy: `say desk/${id(50)} or evil/${id(50)}`,
  });
  await approve([`desk/${id(50)}`], both.io, both.place);
  expect(inboxOf(both.system.root, "desk")).toHaveLength(1);
  expect(inboxOf(both.system.root, "evil")).toEqual([]);
});
