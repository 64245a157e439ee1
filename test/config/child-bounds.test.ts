/** A temporary agent never has more than its parent, at any depth, whatever role and order say. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { childAgent } from "../../src/config/child.ts";
import { parseMemory } from "../../src/config/grammar.ts";
import { type GrantKind, inForce, untilKey } from "../../src/config/grants.ts";
import type { ChildOrder } from "../../src/config/order.ts";
import { covers, narrowerTarget } from "../../src/config/overlap.ts";
import type { Agent } from "../../src/config/types.ts";
import { noLimits, now, order, parent, role } from "./support/child.ts";

const some = <T>(values: readonly T[]) => fc.subarray([...values]);
const names = ["ann", "bob", "*"];
const directories = ["a", "a/b", "a/b/c", "ab", "d"].map((path) => `/srv/con/artifacts/${path}`);
const targets = ["*:443", "x.org:443", "X.org:443", "x.org:80", "10.0.0.0/8:22"];
const tools = ["shell", "read_file", "spawn_agent", "spawn_agents", "control_agent"];
const aliases = ["adviser", "analyst"];
const bound = fc.option(fc.integer({ min: 1, max: 9 }), { nil: null });

const canOf = (star: boolean) => {
  const plus = star ? ["*"] : [];
  return fc.record({
    task: some(star ? names : names.slice(0, 2)),
    read: some([...directories, ...plus]),
    write: some([...directories, ...plus]),
    network: some([...targets, ...plus]),
    tools: some([...tools, ...plus]),
    models: some([...aliases, ...plus]),
  });
};

const spawnRight = fc.option(
  fc.record({
    roles: some(["helper", "scout"]),
    depth: fc.integer({ min: 1, max: 5 }),
    live: fc.integer({ min: 1, max: 9 }),
  }),
  { nil: null },
);

const bosses = fc
  .record({
    can: canOf(false),
    spawn: spawnRight,
    uses: bound,
    perMinute: bound,
    ends: fc.dictionary(
      fc.constantFrom(
        ...directories.flatMap((path) => [untilKey("read", path), untilKey("write", path)]),
        untilKey("task", "ann"),
        untilKey("network", "*:443"),
        untilKey("models", "adviser"),
      ),
      fc.integer({ min: now - 2, max: now + 9 }),
    ),
  })
  .map(({ can, spawn, uses, perMinute, ends }) =>
    parent({
      can,
      spawn,
      constraints: { tools: { shell: { uses, perMinute, until: null } }, until: ends },
      approval: [{ tool: "shell", approvers: 2, expirySeconds: 60 }],
    }),
  );

const roles = fc
  .record({ can: canOf(true), spawn: spawnRight, memory: fc.constantFrom("1G", "4G", null) })
  .map(({ can, spawn, memory }) => role({ can, spawn, limits: { ...noLimits, memory } }));

const orders = fc
  .record({
    can: fc.record(
      {
        task: some(names),
        read: some(directories),
        write: some([...directories, "*"]),
        network: some(targets),
        tools: some(tools),
        models: some(aliases),
      },
      { requiredKeys: [] },
    ),
    share: fc.dictionary(fc.constantFrom("shell"), fc.integer({ min: -1, max: 20 })),
  })
  .map((of) => order(of));

/** At `at` nobody below holds what the one above does not. */
function expectWithin(below: Agent, above: Agent, at: number): void {
  const [inner, outer] = [below, above].map(({ can, constraints }) =>
    inForce(can, constraints, at),
  );
  if (inner === undefined || outer === undefined) throw new Error("no agents");
  const kinds: readonly (readonly [
    GrantKind,
    readonly string[],
    (a: string, b: string) => boolean,
  ])[] = [
    ["task", outer.task, (a, b) => a === b],
    ["read", [...outer.read, ...outer.write], covers],
    ["write", outer.write, covers],
    ["network", outer.network, (a, b) => narrowerTarget(a, b) === b || narrowerTarget(b, a) === b],
    ["tools", outer.tools, (a, b) => a === b],
    ["models", outer.models, (a, b) => a === b],
  ];
  for (const [kind, held, has] of kinds)
    for (const text of inner[kind])
      expect(
        held.some((one) => has(one, text)),
        `${kind} ${text}`,
      ).toBe(true);
  for (const tool of inner.tools) {
    const most = above.constraints.tools[tool];
    const own = below.constraints.tools[tool];
    for (const key of ["uses", "perMinute"] as const)
      expect(own?.[key] ?? Infinity).toBeLessThanOrEqual(most?.[key] ?? Infinity);
    const asked = above.approval.filter((rule) => rule.tool === tool);
    expect(below.approval).toEqual(expect.arrayContaining(asked));
  }
  expect(parseMemory(below.limits.memory)).toBeLessThanOrEqual(
    parseMemory(above.limits.memory) ?? 0,
  );
  if (below.spawn === null) return;
  expect(below.spawn.depth).toBeLessThan(above.spawn?.depth ?? 0);
  expect(below.spawn.live).toBeLessThanOrEqual(above.spawn?.live ?? 0);
  expect(above.spawn?.roles).toEqual(expect.arrayContaining([...below.spawn.roles]));
}

test("never more than its parent, at any depth and at any later moment", () => {
  const generations = fc.array(fc.tuple(roles, orders), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(bosses, generations, (boss, line) => {
      let above = boss;
      for (const [kind, wish] of line) {
        const of = { name: "spawn-x", parent: above, role: kind, order: wish, now };
        const { agent } = childAgent(of);
        for (const at of [now, now + 1, now + 5, now + 10]) expectWithin(agent, above, at);
        above = agent;
      }
    }),
    { numRuns: 300 },
  );
});

test("the order of lists decides nothing", () => {
  const turned = <T>(list: readonly T[]): T[] => [...list].reverse();
  const turnedCan = <T extends ChildOrder["can"]>(can: T): T =>
    Object.fromEntries(
      Object.entries(can).map(([kind, list]) => [kind, turned(list)]),
    ) as unknown as T;
  fc.assert(
    fc.property(bosses, roles, orders, (boss, kind, wish) => {
      const of = { name: "spawn-x", parent: boss, role: kind, order: wish, now };
      const other = {
        ...of,
        parent: { ...boss, can: turnedCan(boss.can) },
        role: { ...kind, can: turnedCan(kind.can) },
        order: { ...wish, can: turnedCan(wish.can) },
      };
      expect(childAgent(other)).toEqual(childAgent(of));
    }),
    { numRuns: 200 },
  );
});
