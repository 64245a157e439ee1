import { describe, expect, test } from "vitest";
import { noBudget, noMay } from "../../src/config/authority.ts";
import { untilKey } from "../../src/config/grants.ts";
import { innerDirectory } from "../../src/config/overlap.ts";
import type { Agent } from "../../src/config/types.ts";
import { anything, child, holder, nothing, now } from "./support/child.ts";

test("it is a worker of that role, without schedule, instructions or authority of its parent", () => {
  const may = { ...noMay, request: ["commission"] };
  const { agent } = child({
    parent: { may, budget: { ...noBudget, usdPerDay: 1, tokensPerCall: 9 } },
  });
  expect(agent).toMatchObject({ tier: "worker", roles: ["helper"], may: noMay, schedule: null });
  expect(agent).toMatchObject({ instructions: "", spawn: null, description: "helps" });
  expect(agent.budget).toMatchObject({ usdPerDay: null, tokensPerCall: 9, over: "fail" });
});

test("what it may spend is what was ordered", () => {
  const { agent } = child({ order: { usd: 0.5, tokens: 1000 } });
  expect(agent.budget).toMatchObject({ usdPerTask: 0.5, tokensPerTask: 1000 });
});

test("its model is the role's, else its parent's", () => {
  expect(child().agent.model).toBe("smart");
  expect(child({ role: { model: "fast" } }).agent.model).toBe("fast");
});

describe("directories", () => {
  const held = holder({ read: ["/srv/con/artifacts/in"], write: ["/srv/con/artifacts/out"] });

  test("the narrower of two is what is left, whichever side has it", () => {
    const { agent } = child({
      parent: holder({ write: ["/srv/con/artifacts/a/b", "/srv/con/artifacts/c"] }),
      role: { can: { ...anything, write: ["/srv/con/artifacts/a", "/srv/con/artifacts/c/d"] } },
    });
    expect(agent.can.write).toEqual(["/srv/con/artifacts/a/b", "/srv/con/artifacts/c/d"]);
  });

  test("a neighbour whose name begins alike is not inside", () => {
    const { agent } = child({
      parent: held,
      order: { can: { write: ["/srv/con/artifacts/outer"] } },
    });
    expect(agent.can.write).toEqual([]);
  });

  test("who may write may read, and is not mounted twice", () => {
    const { agent } = child({ parent: held });
    expect(agent.can).toMatchObject({
      read: ["/srv/con/artifacts/in"],
      write: ["/srv/con/artifacts/out"],
    });
    const readOnly = child({ parent: held, order: { can: { write: [] } } }).agent;
    expect(readOnly.can.read).toEqual(["/srv/con/artifacts/in", "/srv/con/artifacts/out"]);
  });

  test("what is asked for and cannot be had is said, with what there is instead", () => {
    const { lacks } = child({
      parent: held,
      order: { can: { read: ["/srv/con/logs"], write: ["/srv/con/artifacts"] } },
    });
    expect(lacks).toEqual([
      "read /srv/con/logs: boss has it not, or role helper does not allow it",
      "write /srv/con/artifacts: only /srv/con/artifacts/out",
    ]);
  });

  test("a grant that ends at the parent ends at the same moment here; one that ended is not there", () => {
    const until = { [untilKey("write", "/srv/con/artifacts/out")]: now + 1 };
    const { agent } = child({
      parent: { ...held, constraints: { tools: {}, until } },
      order: { can: { write: ["/srv/con/artifacts/out/x"] } },
    });
    expect(agent.constraints.until).toEqual({
      [untilKey("read", "/srv/con/artifacts/out")]: now + 1,
      [untilKey("write", "/srv/con/artifacts/out/x")]: now + 1,
    });
    const over = { [untilKey("write", "/srv/con/artifacts/out")]: now };
    const late = child({ parent: { ...held, constraints: { tools: {}, until: over } } }).agent;
    expect(late.can.write).toEqual([]);
  });
});

describe("network", () => {
  test.each([
    [["*:443"], ["example.org:443"], ["example.org:443"]],
    [["example.org:443"], ["*:443"], ["example.org:443"]],
    [["Example.ORG:443"], ["example.org:443"], ["Example.ORG:443"]],
    [["example.org:443"], ["example.org:80"], []],
    [["10.0.0.0/8:22"], ["10.1.0.0/16:22"], []],
  ])("%j and %j leave %j", (network, wanted, left) => {
    expect(
      child({ parent: holder({ network }), order: { can: { network: wanted } } }).agent.can.network,
    ).toEqual(left);
  });
});

describe("tools", () => {
  const tools = ["shell", "read_file", "commission_agent"];

  test("only those of all three, and none that asks for what `may` allows", () => {
    expect(child({ parent: holder({ tools }) }).agent.can.tools).toEqual(["read_file", "shell"]);
    const { agent, lacks } = child({
      parent: holder({ tools }),
      role: { can: { ...anything, tools: ["shell"] } },
      order: { can: { tools: ["shell", "read_file"] } },
    });
    expect(agent.can.tools).toEqual(["shell"]);
    expect(lacks).toEqual(["tool read_file: boss has it not, or role helper does not allow it"]);
  });

  test("one that is counted at the parent comes with a share, and the share is all there is", () => {
    const constraints = {
      tools: { shell: { uses: 10, perMinute: 2, until: now + 5 } },
      until: {},
    };
    const bounded = holder({ tools }, { constraints });
    const without = child({ parent: bounded });
    expect(without.agent.can.tools).toEqual(["read_file"]);
    expect(without.lacks).toEqual([
      "tool shell: its calls are counted at boss, so it needs a share",
    ]);
    const { agent } = child({ parent: bounded, order: { share: { shell: 3 } } });
    expect(agent.constraints.tools).toEqual({ shell: { uses: 3, perMinute: 2, until: now + 5 } });
    const more = child({ parent: bounded, order: { share: { shell: 99 } } }).agent;
    expect(more.constraints.tools["shell"]?.uses).toBe(10);
  });

  test.each([0, -1, 1.5, Number.NaN])("a share of %d is none", (share) => {
    const constraints = { tools: { shell: { uses: 10, perMinute: null, until: null } }, until: {} };
    const { agent } = child({
      parent: holder({ tools }, { constraints }),
      order: { share: { shell: share } },
    });
    expect(agent.can.tools).not.toContain("shell");
  });

  test("whoever is asked at the parent is asked here, and also those that the role names", () => {
    const rule = (tool: string, approvers: number) => ({ tool, approvers, expirySeconds: 60 });
    const { agent } = child({
      parent: holder(
        { tools },
        { approval: [rule("shell", 2), rule("send_task", 1), rule("spend", 1)] },
      ),
      role: { approval: [rule("read_file", 1), rule("shell", 1), rule("write_file", 1)] },
    });
    expect(agent.approval).toEqual([
      rule("read_file", 1),
      rule("shell", 1),
      rule("shell", 2),
      rule("spend", 1),
    ]);
  });
});

describe("its own spawning", () => {
  const tools = ["shell", "spawn_agent", "spawn_agents"];
  const right = { roles: ["helper", "scout"], depth: 3, live: 8 };
  const of = { roles: ["helper", "other"], depth: 5, live: 2 };

  test("is what role and parent share, one generation less", () => {
    const approval = [{ tool: "spawn", approvers: 2, expirySeconds: 60 }];
    const boss = holder({ tools }, { spawn: right, approval });
    const { agent } = child({ parent: boss, role: { spawn: of } });
    expect(agent.approval).toEqual(approval);
    expect(agent.spawn).toEqual({ roles: ["helper"], depth: 2, live: 2 });
    expect(agent.can.tools).toEqual(tools);
  });

  test.each([
    ["the parent's last generation", { spawn: { ...right, depth: 1 } }, { spawn: of }, {}],
    ["a role without it", { spawn: right }, {}, {}],
    ["no role in common", { spawn: { ...right, roles: ["scout"] } }, { spawn: of }, {}],
    [
      "tools that were not asked for",
      { spawn: right },
      { spawn: of },
      { can: { tools: ["shell"] } },
    ],
  ])("is nothing with %s", (_, boss, kind, wish) => {
    const { agent } = child({ parent: holder({ tools }, boss), role: kind, order: wish });
    expect(agent.spawn).toBeNull();
    expect(agent.can.tools).toEqual(["shell"]);
  });
});

test("limits are the least of role and parent", () => {
  const limits = {
    ...{ memory: "512M", cpu: "300%", tasks: 64, runtimeSeconds: 9999, steps: null },
    ...{ reviewEvery: 20, askAfter: 900 },
  };
  expect(child({ role: { limits } }).agent.limits).toEqual({
    ...{ memory: "512M", cpu: "200%", tasks: 64, runtimeSeconds: 1800, steps: 100 },
    ...{ reviewEvery: 20, askAfter: 300 },
  });
});

test("of two directories the inner one is what they share, and of strangers nothing", () => {
  expect(innerDirectory("/a", "/a/b")).toBe("/a/b");
  expect(innerDirectory("/a/b", "/a")).toBe("/a/b");
  expect(innerDirectory("/a", "/ab")).toBeNull();
});

describe("layers of its cascade", () => {
  const cascade: NonNullable<Agent["cascade"]> = {
    reflex: true,
    cache: { exact: true, semantic: null, ttlSeconds: 60, max: 10 },
    documents: {
      paths: ["/srv/con/artifacts/a", "/srv/con/artifacts/b"],
      answer: 0.9,
      augment: 0.5,
    },
    route: { fast: "fast", balanced: "smart", strong: "expert" },
    escalate: true,
    learn: true,
  };
  const can = { ...nothing, read: ["/srv/con/artifacts"], models: ["fast", "expert"] };

  test("are its parent's, less what lives longer than it, with what it may read and ask", () => {
    const role = { can: { ...anything, read: ["/srv/con/artifacts/a"], models: ["fast"] } };
    expect(child({ parent: { can, cascade }, role }).agent.cascade).toEqual({
      ...{ reflex: true, cache: null, escalate: true, learn: false },
      documents: { paths: ["/srv/con/artifacts/a"], answer: 0.9, augment: 0.5 },
      route: { fast: "fast", balanced: "smart", strong: "smart" },
    });
  });

  test("are fewer where its role says so, and none that its parent lacks", () => {
    const layers = ["reflex", "route", "escalate"] as const;
    const few = child({ parent: { can, cascade }, role: { cascade: ["reflex"] } });
    expect(few.agent.cascade).toEqual({
      ...{ reflex: true, cache: null, documents: null, route: null, escalate: false, learn: false },
    });
    for (const parent of [{ can }, { can, cascade: { ...cascade, reflex: false, route: null } }])
      expect(child({ parent, role: { cascade: layers } }).agent.cascade).toBeUndefined();
    const off = { can, cascade: { ...cascade, documents: null, escalate: false } };
    expect(child({ parent: off }).agent.cascade).toMatchObject({
      documents: null,
      escalate: false,
    });
  });
});

test("it has graphics processors where its parent has them and its role allows it, and nowhere else", () => {
  const gpu = { gpu: true } as const;
  expect(child({ parent: gpu, role: gpu }).agent.gpu).toBe(true);
  expect(child({ parent: gpu }).agent).not.toHaveProperty("gpu");
  expect(child({ role: gpu }).agent).not.toHaveProperty("gpu");
  expect(child().agent).not.toHaveProperty("gpu");
  // At any depth: what the middle one has not, the last one cannot have.
  const between = child({ parent: gpu }).agent;
  expect(child({ parent: between, role: gpu }).agent).not.toHaveProperty("gpu");
});
