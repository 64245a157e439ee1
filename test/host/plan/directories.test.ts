/** Shared directories and their access lists. */
import { expect, test } from "vitest";
import type { DirectoryFact } from "../../../src/host/facts.ts";
import { plan } from "../../../src/host/plan.ts";
import { directory, users } from "./facts.ts";
import { deployedBy, hamlet, refused } from "./hamlet.ts";

const paths = (facts: ReturnType<typeof plan>["facts"]): string[] =>
  facts.flatMap((fact) => (fact.kind === "directory" ? fact.path : []));

test("access lists go by number, however agents are called", () => {
  const calling = "tier: worker\ncan: {tools: [shared, fetch_webpage], read: [/srv/con/logs]}\n";
  const { facts } = plan(hamlet({ agents: { zoe: calling, anna: calling } }));
  const ids = ({ named }: DirectoryFact) => named.map(({ id }) => id);
  expect(ids(directory(facts, "/srv/con/tools"))).toEqual([20_001, 20_002, 19_991]);
  expect(ids(directory(facts, "/srv/con/logs"))).toEqual([19_992, 20_001, 20_002, 19_991]);
  expect(ids(directory(facts, "/srv/con/logs/audit/agents"))).toEqual([20_001, 20_002, 19_991]);
  expect(ids(directory(facts, "/run/con/browser"))).toEqual([20_001, 20_002]);
});

test("a front desk that was never deployed has no outer inbox yet", () => {
  const before = plan(hamlet());
  expect(paths(before.facts)).toContain("/srv/con/inbox");
  const bad = { agents: { desk: refused } };
  expect(paths(plan(hamlet(bad)).facts)).not.toContain("/srv/con/inbox");
  const deployed = [deployedBy(before.facts, "desk")];
  expect(paths(plan(hamlet(bad, { deployed })).facts)).toContain("/srv/con/inbox");
});

test("directories are planned by path, those above before those inside", () => {
  const found = paths(plan(hamlet()).facts);
  const planned = found.slice(0, found.indexOf("/srv/con/contracts"));
  expect(planned).toEqual([...new Set(planned)].sort());
});

test("a directory that was granted before stays planned while it is one of those that are shared", () => {
  const formerGrants = new Set([
    "/srv/con/artifacts/old/deep",
    "/srv/con/artifactsold",
    "/srv/con/agents/desk/state",
    "/home",
  ]);
  const now = paths(plan(hamlet()).facts);
  const then = paths(plan(hamlet({}, { formerGrants })).facts);
  expect(then.filter((path) => !now.includes(path))).toEqual([
    "/srv/con/artifacts/old",
    "/srv/con/artifacts/old/deep",
  ]);
});

test("a grant of anything that is not shared changes no directory", () => {
  const agents = { anna: "tier: worker\n" };
  const before = plan(hamlet({ agents })).facts;
  const { entry, runtime } = deployedBy(before, "anna");
  const can = { ...runtime.can, read: ["/", "/srv", "/etc/con"], write: ["/srv/con/agents/desk"] };
  const deployed = [{ entry, runtime: { ...runtime, can } }];
  const { facts } = plan(hamlet({ agents: { anna: refused } }, { deployed }));
  for (const path of ["/", "/srv", "/etc/con"]) expect(paths(facts)).not.toContain(path);
  expect(users(directory(facts, "/srv/con/artifacts"))).toEqual({});
  expect(directory(facts, "/srv/con/agents/desk")).toEqual(
    directory(before, "/srv/con/agents/desk"),
  );
});

test("the gateway's audit trail stays the gateway's, also where it is granted to read", () => {
  const reader = "tier: worker\ncan: {read: [/srv/con/logs/audit/agents]}\n";
  const { facts } = plan(hamlet({ agents: { reader } }));
  const trail = facts.filter(
    (fact) => fact.kind === "directory" && fact.path === "/srv/con/logs/audit/agents",
  );
  expect(trail).toMatchObject([{ uid: 19_992, gid: 19_992, mode: 0o2750, deep: true }]);
  expect(users(directory(facts, "/srv/con/logs/audit/agents"))).toEqual({ 20001: 5 });
  expect(users(directory(facts, "/srv/con/logs/audit"))).toEqual({ 19992: 1, 20001: 1 });
});
