/** Agents as all parts of the plan see them: who asks, who answers, and what an excluded one keeps. */
import { expect, test } from "vitest";
import { ancestorsOf, viewsOf } from "../../../src/host/plan/views.ts";
import { plan } from "../../../src/host/plan.ts";
import type { Deployed } from "../../../src/host/world.ts";
import { directory, dropIn, users } from "./facts.ts";
import { deployedBy, hamlet, refused } from "./hamlet.ts";

const inbox = "/srv/con/steward/inbox";
const roles = { helper: "description: helps\n" };

test("the steward's inbox is open to whoever has something to ask there, and to nobody else", () => {
  const agents = {
    forger: "tier: worker\ncan: {tools: [forge_tool]}\n",
    reviewer: "tier: worker\ncan: {tools: [review_change]}\n",
    clerk: "tier: worker\nmay: {request: [commission]}\n",
    author: "tier: worker\nmay: {propose: [skills]}\n",
    careful: "tier: worker\ncan: {tools: [shell]}\napproval: [shell]\n",
    parent: "tier: worker\ncan: {spawn: {roles: [helper]}}\n",
    other: "tier: worker\ncan: {tools: [shell, read_file]}\n",
  };
  const world = hamlet({ agents, roles });
  const asking = ["forger", "reviewer", "clerk", "author", "careful", "parent"];
  const named = asking.map((name) => [world.registry[name], 7]);
  expect(users(directory(plan(world).facts, inbox))).toEqual(Object.fromEntries(named));
});

/** The same manifest, refused since it was deployed. */
function excluded(manifest: string, change: (one: Deployed) => Deployed = (one) => one) {
  const before = plan(hamlet({ agents: { anna: manifest }, roles })).facts;
  const deployed = [change(deployedBy(before, "anna"))];
  return (now = 0) => hamlet({ agents: { anna: refused }, roles }, { deployed, now });
}

test.each([
  ["a verb of the steward", "may: {request: [commission]}\n"],
  ["calls that wait for people", "can: {tools: [shell]}\napproval: [shell]\n"],
  ["temporary agents", "can: {spawn: {roles: [helper]}}\n"],
])("an excluded agent still asks the steward for %s", (_what, parts) => {
  const { facts } = plan(excluded(`tier: worker\n${parts}`)());
  expect(users(directory(facts, inbox))).toEqual({ 20001: 7 });
});

test("what an excluded agent was granted for a time ends in time", () => {
  const read = "[{/srv/con/artifacts/in: {until: '1970-01-01T00:00:01Z'}}]";
  const worldAt = excluded(`tier: worker\ncan: {read: ${read}}\n`);
  const inside = (now: number) =>
    viewsOf(worldAt(now)).all.find(({ name }) => name === "anna")?.can.read;
  expect(inside(999)).toEqual(["/srv/con/artifacts/in"]);
  expect(inside(1000)).toEqual([]);
  expect(dropIn(plan(worldAt(999)).facts, "50-ends.conf")?.[1]).toContain("00:00:01 UTC");
});

test("what an earlier version compiled of an excluded agent asks for nothing", () => {
  const older = excluded("tier: worker\ncan: {read: [/srv/con/artifacts/in]}\n", (one) => {
    const { constraints: _c, may: _m, approval: _a, spawn: _s, ...runtime } = one.runtime;
    return { ...one, runtime: runtime as Deployed["runtime"] };
  });
  const { facts } = plan(older());
  expect(users(directory(facts, inbox))).toEqual({});
  expect(users(directory(facts, "/srv/con/artifacts/in"))).toEqual({ 20001: 5 });
  expect(viewsOf(older()).all.find(({ name }) => name === "anna")).toMatchObject({
    constraints: { tools: {}, until: {} },
    may: { request: [] },
    approval: [],
    spawn: null,
  });
});

test("agents are seen by name, those too that stay in view", () => {
  const clerk = "tier: worker\n";
  const before = plan(hamlet({ agents: { clerk, anna: clerk, zoe: clerk } })).facts;
  const agents = { clerk, anna: refused, zoe: clerk };
  const deployed = [deployedBy(before, "anna")];
  const { all } = viewsOf(hamlet({ agents }, { deployed }));
  expect(all.map(({ name, agent }) => [name, agent === null])).toEqual([
    ["anna", true],
    ["clerk", false],
    ["desk", false],
    ["zoe", false],
  ]);
});

test("whom one may task may answer it, as far as there is anybody", () => {
  const desk = "tier: operator\ncan: {task: [anna, boris]}\n";
  const views = viewsOf(hamlet({ agents: { desk, anna: "tier: worker\n", boris: refused } }));
  expect(views.answerers("desk")).toEqual([20_001]);
  expect(views.answerers("anna")).toEqual([]);
  expect(views.answerers("nobody")).toEqual([]);
  expect(views.taskers("anna")).toEqual([20_000]);
  expect(views.taskers("nobody")).toEqual([]);
});

test("the ancestors of a temporary agent are named nearest first", () => {
  const first = { parent: "desk", task: "a" };
  const second = { parent: "spawn-1", task: "b" };
  const children = new Map([
    ["spawn-1", first],
    ["spawn-2", second],
  ]);
  expect(ancestorsOf(children, "spawn-2")).toEqual([second, first]);
  expect(ancestorsOf(children, "desk")).toEqual([]);
});
