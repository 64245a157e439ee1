/** What an agent may not give another one by itself: judged against what root compiled and what is given already. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noBudget, noMay } from "../../src/config/authority.ts";
import type { Agent } from "../../src/config/types.ts";
import { commissionFile } from "../../src/host/commissions.ts";
import { tooMuch } from "../../src/steward/authority.ts";
import type { Requester } from "../../src/steward/policy.ts";
import { parent } from "../config/support/child.ts";
import { agentRuntime } from "../support/agent-runtime.ts";
import { makePlaces, makeWorld, newMachine } from "./support.ts";

const admin: Requester = { uid: 20_000, name: "a-admin", kind: "agent" };
const { limits } = parent();
const budget = { ...noBudget, tokensPerDay: 500 };
const scribe = parent({ name: "scribe", tier: "worker", model: "fast", budget });
const clerk: Agent = { ...scribe, name: "clerk" };
const compiled = agentRuntime({
  ...{ name: "admin", model: "fast", limits, budget: { ...noBudget, tokensPerDay: 1000 } },
  may: { ...noMay, grant: { ...noMay.grant, tiers: ["worker"] } },
});

/** As admin, with a smaller day. */
const boss = agentRuntime({
  ...compiled,
  name: "boss",
  budget: { ...noBudget, tokensPerDay: 700 },
});

interface Case {
  readonly by?: Requester;
  readonly isDeployed?: boolean;
  readonly before?: Agent | null;
  /** That there are now. */
  readonly agents?: readonly Agent[];
  /** Who commissioned whom, where it was not admin. */
  readonly makers?: Readonly<Record<string, string>>;
  readonly retired?: readonly string[];
}

function judge(agent: Agent, of: Case = {}): string[] {
  const {
    by = admin,
    isDeployed = true,
    before = null,
    agents = [agent],
    makers = {},
    retired = [],
  } = of;
  const places = makePlaces();
  mkdirSync(places.commissions);
  for (const name of new Set([...agents.map((one) => one.name), ...Object.keys(makers)])) {
    const by = { agent: makers[name] ?? "admin" };
    const at = retired.includes(name) ? "2027-01-01" : null;
    const record = { version: 1, agent: name, by, retired: at };
    writeFileSync(join(places.commissions, commissionFile(name)), JSON.stringify(record));
  }
  const world = {
    ...makeWorld(places, newMachine()),
    agents: () => [{ name: "admin", tier: "operator", uid: 20_000 }],
    runtime: (name: string) =>
      name === "boss" ? boss : isDeployed && name === "admin" ? compiled : null,
  };
  return tooMuch(world, by, { agent, before, config: { agents }, defaultModel: "fast" });
}

const dear: Agent = { ...scribe, model: "dear" };

test("people give what they like", () => {
  expect(judge(dear, { by: { uid: 0, name: "root", kind: "root" } })).toEqual([]);
  expect(judge(dear, { by: { ...admin, kind: "trusted" } })).toEqual([]);
});

test("an agent gives nothing beyond its own", () => {
  expect(judge(scribe)).toEqual([]);
  expect(judge(dear)).toEqual(["model dear"]);
});

test("an agent that is not deployed, or gone, gives nothing at all", () => {
  const nothing = ["anything: its own manifest is not deployed"];
  expect(judge(scribe, { isDeployed: false })).toEqual(nothing);
  expect(judge(scribe, { by: { ...admin, uid: 20_009 } })).toEqual(nothing);
});

test("what is given to the others is not there to give, what the agent itself has is", () => {
  expect(judge(scribe, { agents: [scribe, clerk] })).toEqual([]);
  const third = { ...scribe, name: "third" };
  const none = "budget.tokens_per_day 500 (left to give: 0)";
  expect(judge(third, { agents: [scribe, clerk, third] })).toEqual([none]);
});

test("an agent has no more than 32 of its own, of which each may be changed", () => {
  const cheap = { budget: { ...budget, tokensPerDay: 1 } };
  const agents = Array.from({ length: 32 }, (_, n) => ({ ...scribe, ...cheap, name: `s${n}` }));
  expect(judge({ ...scribe, ...cheap, name: "s0" }, { agents })).toEqual([]);
  const more = { ...scribe, ...cheap, name: "more" };
  expect(judge(more, { agents: [...agents, more] })).toEqual(["more than 32 agents of its own"]);
});

test("what people gave it before stays, more does not come", () => {
  const before = { ...dear, gpu: true } as const;
  expect(judge(before, { before })).toEqual([]);
  expect(judge({ ...before, model: "dearer" }, { before })).toEqual(["model dearer"]);
  expect(judge(dear, { before: scribe })).toEqual(["model dear"]);
});

const none = (left: number) => [`budget.tokens_per_day 500 (left to give: ${left})`];

test("what those have that were made by those that it made is given, one of them retired or not", () => {
  const agents = [scribe, { ...clerk, budget: { ...budget, tokensPerDay: 600 } }];
  const makers = { clerk: "gone" };
  expect(judge(scribe, { agents, makers })).toEqual([]);
  expect(judge(scribe, { agents, makers: { ...makers, gone: "admin" } })).toEqual(none(400));
  expect(
    judge(scribe, { agents, makers: { ...makers, gone: "admin" }, retired: ["gone"] }),
  ).toEqual(none(400));
  expect(judge(scribe, { agents, retired: ["clerk"] })).toEqual([]);
});

test("an agent that people made anew under its name has nobody above it", () => {
  const agents = [scribe, { ...clerk, budget: { ...budget, tokensPerDay: 201 } }];
  const makers = { clerk: "boss", admin: "boss" };
  expect(judge(scribe, { agents, makers })).toEqual(none(499));
  expect(judge(scribe, { agents, makers, retired: ["admin"] })).toEqual([]);
});

test("an agent that was commissioned itself gives no more than is left to the one that did it", () => {
  expect(judge(scribe, { makers: { admin: "boss" } })).toEqual([]);
  const agents = [scribe, { ...clerk, budget: { ...budget, tokensPerDay: 201 } }];
  expect(judge(scribe, { agents, makers: { admin: "boss" } })).toEqual(none(499));
  expect(judge(scribe, { agents, makers: { clerk: "boss", admin: "boss" } })).toEqual(none(499));
  expect(judge(scribe, { agents, makers: { clerk: "desk" } })).toEqual([]);
});

test("what an agent has itself is a part of what those above it have, not of its own", () => {
  const day = (tokensPerDay: number) => ({ budget: { ...budget, tokensPerDay } });
  const agents = [scribe, { ...clerk, ...day(450) }, { ...clerk, name: "admin", ...day(100) }];
  expect(judge(scribe, { agents, makers: { admin: "desk" } })).toEqual([]);
  expect(judge(scribe, { agents, makers: { admin: "boss" } })).toEqual(none(150));
});

test("an agent stays below the one that made its maker, the maker retired or not", () => {
  const agents = [scribe, { ...clerk, budget: { ...budget, tokensPerDay: 201 } }];
  const makers = { clerk: "boss", admin: "gone", gone: "boss" };
  expect(judge(scribe, { agents, makers })).toEqual(none(499));
  expect(judge(scribe, { agents, makers, retired: ["gone"] })).toEqual(none(499));
});

test("who made whom in a circle is counted once", () => {
  const agents = [scribe, clerk];
  const makers = { admin: "boss", boss: "clerk" };
  expect(judge(scribe, { agents, makers })).toEqual(none(200));
});

test("an agent whose own limits are changed keeps what those have that it made", () => {
  const more = { ...scribe, budget: { ...budget, tokensPerDay: 800 } };
  const made = { ...clerk, budget: { ...budget, tokensPerDay: 300 } };
  const of = { agents: [more, made], makers: { clerk: "scribe" }, before: scribe };
  expect(judge(more, of)).toEqual(["budget.tokens_per_day 800 (left to give: 700)"]);
});
