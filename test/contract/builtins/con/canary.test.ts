/** The canary's parts: what is tried, what an errno means, the copy of the unit, whose turn it is. */
import fs from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fateOf, planFor } from "../../../../src/contract/builtins/con/canary-plan.ts";
import { serviceLines, unitText } from "../../../../src/contract/builtins/con/canary-unit.ts";
import { inTurn } from "../../../../src/contract/builtins/con/escape-attempt.ts";
import { agentOf, Bed, said } from "./support.ts";

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.remove());

describe("a plan", () => {
  const plan = (port: number | null) => {
    const around = { health: bed.health, gatewayPid: null, port };
    return planFor(bed.places, agentOf("ada", 20_000, "operator"), around).attempts;
  };

  test("tries only what is there: a missing target would look like a refusal", () => {
    const base = dirname(bed.agent("bob", "workspace"));
    const ids = plan(null).map(({ id }) => id);
    expect(ids).toContain(`list ${base}`);
    fs.rmSync(base, { recursive: true });
    expect(plan(null).map(({ id }) => id)).not.toContain(`list ${base}`);
    expect(ids).not.toContain(`read ${bed.places.ledger}`);
  });

  test("leaves out the network that the manifest grants", () => {
    expect(plan(7).map(({ id }) => id)).toContain("connect to the host");
    expect(plan(null).map(({ id }) => id)).not.toContain("connect to the host");
  });

  test("looks for nothing that an agent could have opened just now", () => {
    const inside = `${dirname(bed.agent("bob", "workspace"))}/`;
    const paths = plan(7).flatMap((one) => ("path" in one ? one.path : []));
    expect(paths.filter((path) => path.startsWith(inside))).toEqual([]);
  });

  test("becomes root last, because all after that would be done as root", () => {
    expect(plan(7).at(-1)).toEqual({ id: "become root", kind: "become-root" });
  });
});

test.each([
  ["read", null, "done"],
  ["read", "EACCES", "refused"],
  ["read", "ENOENT", "refused"],
  ["read", "EMFILE", "unable"],
  ["create", "ENOSPC", "unable"],
  ["connect", "ETIMEDOUT", "refused"],
  ["module", "EBADF", "done"],
  ["module", "EPERM", "refused"],
  ["mount", "EINVAL", "unable"],
  ["signal", "ESRCH", "unable"],
] as const)("%s that ends with %s is %s", (kind, code, fate) => {
  expect(fateOf(kind, code)).toBe(fate);
});

describe("the copy of a unit", () => {
  const cat = `# /usr/lib/systemd/system/con@.service
[Unit]
Wants=con-gateway.service
[Service]
User=a-%i
# a comment
ExecStart=/usr/bin/con run %i
ReadWritePaths=/a \\
# within
[not a section \\
  /b
[Install]
WantedBy=x

# /run/systemd/system/con@x.service.d/50-agent.conf
[Service]
MemoryMax=1G`;

  test("has a capability that no agent has, so that no agent can trace it", () => {
    const text = unitText(cat, "ada", ["/usr/bin/con", "canary"], "{}", "/run/answer");
    expect(text).toMatch(/^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m);
    expect(text).toMatch(/^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m);
  });

  test("has every line of [Service], in order, and nothing else", () => {
    expect(serviceLines(cat)).toEqual([
      "User=a-%i",
      "# a comment",
      "ExecStart=/usr/bin/con run %i",
      "ReadWritePaths=/a \\",
      "# within",
      "[not a section \\",
      "  /b",
      "MemoryMax=1G",
    ]);
  });

  test("starts one thing only, and hands words over as they are", () => {
    const text = unitText(cat, "x", ['/a "b" 50% $c', "\\"], "{}", "/out%");
    const starts = text.split("\n").filter((line) => line.startsWith("ExecStart="));
    expect(starts).toEqual([
      "ExecStart=/usr/bin/con run %i",
      "ExecStart=",
      'ExecStart="/a \\"b\\" 50%% $$c" "\\\\"',
    ]);
    expect(text).toContain("StandardOutput=truncate:/out%%\n");
    expect(text).not.toContain("con-gateway.service");
  });
});

test("tiers take turns, one agent of each at a time", () => {
  const agents = [
    agentOf("ada", 1, "worker"),
    agentOf("bob", 2, "worker"),
    agentOf("cy", 3, "officer"),
  ];
  const names = (last: Record<string, string>) => inTurn(agents, last).map(({ name }) => name);
  expect(names({})).toEqual(["ada", "cy"]);
  expect(names({ worker: "ada", officer: "cy" })).toEqual(["bob", "cy"]);
  expect(names({ worker: "bob" })).toEqual(["ada", "cy"]);
});

describe("the verdict", () => {
  const answer = (change: object) => async (argv: readonly string[]) => {
    if (argv[1] === "show" && argv.some((word) => word.startsWith("--property=Id,LoadState")))
      return said(`Id=${argv.at(-1)}\nLoadState=loaded\nNeedDaemonReload=no\n`);
    if (argv[1] === "cat") return said("[Service]\nUser=a-%i\n");
    if (argv[1] !== "start") return said("");
    const unit = argv.at(-1) ?? "";
    const name = /@(.*)\.service/.exec(unit)?.[1] ?? "";
    const text = fs.readFileSync(`${bed.places.canary.units}/${unit}`, "utf8");
    const data = /^StandardInputData=(.+)$/m.exec(text)?.[1] ?? "";
    const plan = JSON.parse(Buffer.from(data, "base64").toString());
    const results = plan.attempts.map(({ id }: { id: string }) => ({ id, code: "EPERM" }));
    const report = { uid: plan.uid, control: null, results, ...change };
    bed.write(`${bed.places.canary.scratch}/${name}.json`, JSON.stringify(report));
    return said("");
  };
  const ask = async (change: object) => {
    fs.mkdirSync(bed.places.canary.units);
    const can = { can: { task: [], network: [] } };
    for (const { name } of bed.health.agents)
      bed.write(`compiled/agents/${name}.json`, JSON.stringify({ version: 1, name, ...can }));
    bed.places = { ...bed.places, exec: answer(change) };
    const verdict = await bed.ask("escape_attempt", { agents: ["ada"] });
    expect(fs.readdirSync(bed.places.canary.units)).toEqual([]);
    expect(fs.existsSync(bed.places.canary.scratch)).toBe(false);
    return verdict;
  };

  test("is green when all is refused", async () => {
    expect(await ask({})).toMatchObject({ state: "pass" });
  });

  test("is an error when an attempt has no result", async () => {
    const why = expect.stringContaining("become root ended with undefined");
    expect(await ask({ results: [] })).toMatchObject({ state: "error", why });
  });

  test("is an error when the control fails", async () => {
    expect(await ask({ control: "it cannot write" })).toMatchObject({
      state: "error",
      why: "as ada: it cannot write",
    });
  });

  test("is an error where no network could be kept from it", async () => {
    bed.places = { ...bed.places, onHostNetwork: () => false };
    expect(await ask({})).toMatchObject({ state: "error" });
  });

  test("is red for another uid", async () => {
    expect(await ask({ uid: 0 })).toMatchObject({ state: "fail", agents: ["ada"] });
  });

  test("is red for one attempt that came off", async () => {
    const results = [{ id: "become root", code: null }];
    expect(await ask({ results })).toMatchObject({
      state: "fail",
      key: "escape:ada:become root",
      agents: ["ada"],
    });
  });

  test("is skipped where all agents are held", async () => {
    bed.hold("ada");
    bed.hold("bob");
    expect(await bed.ask("escape_attempt", {})).toMatchObject({ state: "skipped" });
  });
});
