import { expect, test } from "vitest";
import { noHolds } from "../../src/config/holds.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { diff } from "../../src/host/diff.ts";
import { parsePeople } from "../../src/host/ids.ts";
import type { Seen } from "../../src/host/observe.ts";
import { plan } from "../../src/host/plan.ts";
import { assignUids } from "../../src/host/registry.ts";
import type { Network, World } from "../../src/host/world.ts";
import { directory, text, units, users } from "./plan/facts.ts";

const manifests = {
  desk: "name: desk\ntier: operator\ndescription: d\ncan: {task: [worker]}\n",
  worker:
    "name: worker\ntier: worker\ndescription: d\nschedule: daily\ncan:\n" +
    "  read: [/srv/con/artifacts/in/**]\n  write: [/srv/con/artifacts/out/deep]\n" +
    "  network: ['example.org:443', '10.0.0.0/8:22']\n",
  loner: "name: loner\ntier: worker\ndescription: d\n",
};

const open: Network = {
  usable: true,
  addresses: new Map([["example.org", ["192.0.2.1", "2001:db8::1"]]]),
  resolvers: ["192.0.2.53"],
};

function world(
  change: Partial<World> = {},
  files: Record<string, string> = manifests,
  models = {},
): World {
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: `system: {front_desk: desk}\nmodels: ${JSON.stringify({
        ...{ fast: ["builtin/reflex"], smart: ["builtin/reflex"] },
        ...models,
      })}\n`,
    },
    agents: Object.entries(files).map(([name, text]) => ({ path: `agents.d/${name}.yaml`, text })),
  });
  if (config === null) throw new Error(JSON.stringify(problems));
  const people = parsePeople("", "");
  return {
    config,
    now: 0,
    children: new Map(),
    formerGrants: new Set(),
    deployed: [],
    registry: assignUids({}, ["desk", "loner", "worker"], people),
    gids: { agents: 19_990, trusted: 19_991, "con-gateway": 19_992 },
    gatewayUid: 19_992,
    people,
    assembled: new Map(
      config.agents.map(({ name }) => [name, { text: `# ${name}\n`, skills: [] }]),
    ),
    bells: new Set(),
    inotifyLimit: 128,
    credentials: new Set(),
    network: open,
    holds: noHolds,
    contracts: new Map(),
    ...change,
  };
}

const uid = { desk: 20_000, loner: 20_001, worker: 20_002 };

test("an inbox is open to those who may task its agent and to those who answer it", () => {
  const { facts } = plan(world());
  expect(users(directory(facts, "/srv/con/agents/worker/inbox"))).toEqual({ [uid.desk]: 7 });
  expect(users(directory(facts, "/srv/con/agents/desk/inbox"))).toEqual({ [uid.worker]: 7 });
  expect(users(directory(facts, "/srv/con/agents/loner/inbox"))).toEqual({});
  expect(directory(facts, "/srv/con/agents/worker/inbox").mode).toBe(0o3770);
});

test("the sockets of services are reached by those alone whom a manifest lets use them", () => {
  const having = (name: string, tools: string) =>
    `name: ${name}\ntier: worker\ndescription: d\ncan: {tools: [${tools}]}\n`;
  const loner = having("loner", "search_web");
  const worker = having("worker", "run_code, fetch_webpage");
  const { facts } = plan(world({}, { desk: manifests.desk, loner, worker }));
  const entering = (path: string) => {
    const found = directory(facts, path);
    return [found.mode, users(found)];
  };
  expect(entering("/run/con/sandbox")).toEqual([0o700, { [uid.worker]: 1 }]);
  expect(entering("/run/con/browser")).toEqual([0o700, { [uid.loner]: 1, [uid.worker]: 1 }]);
});

test("a grant gives its directory, passage on the way, and nothing beside", () => {
  const { facts } = plan(world());
  const at = (path: string) => users(directory(facts, path))[uid.worker];
  expect(at("/srv/con/artifacts")).toBe(1);
  expect(at("/srv/con/artifacts/in")).toBe(5);
  expect(at("/srv/con/artifacts/out")).toBe(1);
  expect(at("/srv/con/artifacts/out/deep")).toBe(7);
  expect(at("/srv/con/logs")).toBeUndefined();
  const { inherit } = directory(facts, "/srv/con/artifacts/out");
  expect(inherit && users(inherit)).toEqual({});
});

test("an agent's base directory is root's, so that the agent replaces nothing in it", () => {
  const base = directory(plan(world()).facts, "/srv/con/agents/loner");
  expect([base.uid, base.gid, base.mode]).toEqual([0, 0, 0o711]);
});

test("only agents with a grant get a network, and only where the manifest says", () => {
  const { facts } = plan(world());
  const rules = facts.find((fact) => fact.kind === "rules");
  const accepted =
    rules?.kind === "rules" ? rules.text.split("\n").filter((line) => line.includes("accept")) : [];
  expect(accepted.map((line) => line.trim()).filter((line) => line.startsWith("meta"))).toEqual([
    `meta skuid ${uid.worker} ip daddr 10.0.0.0/8 tcp dport 22 accept`,
    `meta skuid ${uid.worker} ip daddr 192.0.2.1 tcp dport 443 accept`,
    `meta skuid ${uid.worker} ip6 daddr 2001:db8::1 tcp dport 443 accept`,
    `meta skuid ${uid.worker} ip daddr 192.0.2.53 udp dport 53 accept`,
    `meta skuid ${uid.worker} ip daddr 192.0.2.53 tcp dport 53 accept`,
  ]);
  expect(text(facts, "con@worker.service.d/50-agent.conf")).toContain("PrivateNetwork=no");
  expect(text(facts, "con@desk.service.d/50-agent.conf")).not.toContain("PrivateNetwork");
});

test("the browser reaches no closed range but what people excepted, and serves only who is granted it", () => {
  const base = world();
  const search = {
    name: "one",
    url: "https://example.org/?q={query}",
    credential: "k",
    header: null,
  };
  const paths = { results: "", title: "", link: "", snippet: "" };
  const web = { allow: ["10.1.0.0/16:8080"], search: [{ ...search, ...paths }] };
  const { facts, findings } = plan(world({ config: { ...base.config, web } }));
  const rules = facts.find((fact) => fact.kind === "rules");
  const chain = rules?.kind === "rules" ? (rules.text.split("chain browser {")[1] ?? "") : "";
  const lines = chain
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  expect(lines.slice(0, 3)).toEqual([
    "ip daddr 10.1.0.0/16 tcp dport 8080 accept",
    "ip daddr 192.0.2.1 tcp dport 443 accept",
    "ip6 daddr 2001:db8::1 tcp dport 443 accept",
  ]);
  expect(
    lines.findIndex((line) => line.includes("169.254.0.0/16") && line.endsWith("drop")),
  ).toBeGreaterThan(3);
  expect(rules?.kind === "rules" && rules.text).toContain("meta skuid 19994 jump browser");
  expect(findings.map(({ what }) => what)).toContain("search engine one");
  const compiled = JSON.parse(text(facts, "compiled/browser.json")) as {
    callers: unknown[];
    allow: string[];
  };
  expect(compiled).toMatchObject({ closed: null, callers: [], allow: web.allow });
});

test("without packet rules nobody gets a network, and it is said", () => {
  const { facts, findings } = plan(
    world({ network: { usable: false, why: "nft is not installed" } }),
  );
  expect(facts.some(({ kind }) => kind === "rules")).toBe(false);
  expect(text(facts, "con@worker.service.d/50-agent.conf")).not.toContain("PrivateNetwork");
  expect(findings.map(({ what }) => what)).toContain("agent worker: network");
});

test("a name that does not resolve opens nothing and is reported", () => {
  const { facts, findings } = plan(world({ network: { ...open, addresses: new Map() } }));
  const rules = facts.find((fact) => fact.kind === "rules");
  expect(rules?.kind === "rules" && rules.text).not.toContain("dport 443");
  expect(findings.map(({ what }) => what)).toEqual(["agent worker: network example.org:443"]);
});

test("an agent beyond the inotify limit gets a bell that only its senders may ring", () => {
  const { facts } = plan(world({ bells: new Set(["worker"]) }));
  expect(units(facts)).toContain("con-bell@worker.socket");
  expect(units(facts)).not.toContain("con@worker.path");
  const fifo = facts.find((fact) => fact.kind === "fifo");
  expect(fifo?.kind === "fifo" && users(fifo)).toEqual({ [uid.desk]: 2 });
  expect(
    JSON.parse(text(facts, "/system.json")).agents.map((one: { wake: string }) => one.wake),
  ).toEqual(["path", "path", "bell"]);
});

test("who may ask the steward reaches its inbox, and nobody else does", () => {
  const asking = `${manifests["worker"]}\nmay: {request: [commission]}\n`;
  const { facts } = plan(world({}, { ...manifests, worker: asking }));
  expect(users(directory(facts, "/srv/con/steward/inbox"))).toEqual({ [uid.worker]: 7 });
  const dropIn = (name: string) => text(facts, `/con@${name}.service.d/50-agent.conf`);
  expect(dropIn("worker")).toContain("BindPaths=-/srv/con/steward/inbox");
  expect(dropIn("worker")).toContain("ReadWritePaths=-/srv/con/steward/inbox");
  for (const other of ["desk", "loner"]) expect(dropIn(other)).not.toContain("steward");
  // What lies on the way to a colleague's inbox can be passed and not listed.
  expect(dropIn("worker")).toContain("TemporaryFileSystem=/srv/con/agents/desk:ro,mode=0711");
});

test("who may call a shared tool reads them all, and nobody else does", () => {
  const calling = `${manifests.worker}  tools: [shared.fib]\n`;
  const { facts } = plan(world({}, { ...manifests, worker: calling }));
  const shared = directory(facts, "/srv/con/tools");
  expect(users(shared)).toEqual({ [uid.worker]: 5 });
  expect(shared).toMatchObject({ uid: 0, mode: 0o750 });
  const dropIn = (name: string) => text(facts, `/con@${name}.service.d/50-agent.conf`);
  expect(dropIn("worker")).toContain("BindReadOnlyPaths=-/srv/con/tools");
  for (const other of ["desk", "loner"]) expect(dropIn(other)).not.toContain("/srv/con/tools");
});

test("the alarm on a day's spending follows the budget, unless it has a number of its own", () => {
  const alarm = (change: Partial<World["config"]>): unknown => {
    const { facts } = plan(world({ config: { ...world().config, ...change } }));
    return JSON.parse(text(facts, "/health.json")).thresholds.maxUsdPerDay;
  };
  const { budget, health } = world().config;
  expect(alarm({})).toBeNull();
  expect(alarm({ budget: { ...budget, usdPerDay: 5 } })).toBe(5);
  const both = { budget: { ...budget, usdPerDay: 5 }, health: { ...health, maxUsdPerDay: 3 } };
  expect(alarm(both)).toBe(3);
});

test("the gateway knows every agent by uid and lets each use its own alias", () => {
  const { callers } = JSON.parse(text(plan(world()).facts, "/gateway.json"));
  expect(callers).toMatchObject([
    { uid: 0, name: "root", models: ["*"] },
    { uid: uid.desk, name: "desk", models: ["smart"] },
    { uid: uid.loner, name: "loner", models: ["fast"] },
    { uid: uid.worker, name: "worker", models: ["fast"] },
  ]);
});

test("aliases beside its own are used as long as they are granted, and their windows are known", () => {
  const files = {
    ...manifests,
    loner: `${manifests.loner}can: {models: [smart, {spare: {until: 1970-01-01T00:00:01Z}}]}\n`,
  };
  const spare = { use: ["builtin/reflex"], context: 16_000 };
  const at = (now: number) => {
    const base = world({ now }, files, { spare });
    const { facts } = plan(base);
    const { callers } = JSON.parse(text(facts, "/gateway.json"));
    const { models: windows } = JSON.parse(text(facts, "/agents/loner.json"));
    return { may: callers[2].models, windows };
  };
  expect(at(999)).toEqual({
    may: ["fast", "smart", "spare"],
    windows: { fast: null, smart: null, spare: 16_000 },
  });
  expect(at(1000)).toEqual({ may: ["fast", "smart"], windows: { fast: null, smart: null } });
});

test("an excluded agent that was deployed stays in view, and nothing of its own is planned", () => {
  const worker = `${manifests.worker}  models: [smart]\nbudget: {usd_per_day: 1}\n`;
  const before = plan(world({}, { ...manifests, worker })).facts;
  const entry = JSON.parse(text(before, "/system.json")).agents[2];
  const runtime = JSON.parse(text(before, "agents/worker.json"));
  const files = { ...manifests, worker: "name: worker\ntier: king\n" };
  const { facts } = plan(world({ deployed: [{ entry, runtime }] }, files));
  expect(text(facts, "/system.json")).toBe(text(before, "/system.json"));
  expect(text(facts, "/gateway.json")).toBe(text(before, "/gateway.json"));
  expect(users(directory(facts, "/srv/con/agents/desk/inbox"))).toEqual({ [uid.worker]: 7 });
  expect(facts.some((fact) => "path" in fact && fact.path.includes("/agents/worker"))).toBe(false);
});

test("on an empty machine everything is missing", () => {
  const nothing: Seen = {
    paths: new Map(),
    units: new Map(),
    rules: "none",
    dropIns: new Map(),
    compiled: [],
  };
  const { facts } = plan(world());
  expect(diff(facts, nothing)).toHaveLength(facts.length);
});

const program = "runner: {exec: [/usr/bin/cat], models: true}\n";
const gpu = { paths: ["/dev/nvidia0", "/dev/dri"], gids: [44, 105] };

test("graphics processors are mounted and allowed by name, for the agent that has them and no other", () => {
  const files = { ...manifests, loner: `${manifests.loner}gpu: true\n` };
  const { facts } = plan(world({ gpu }, files));
  expect(text(facts, "con@loner.service.d/50-agent.conf")).toContain(
    [
      ...["BindPaths=-/dev/nvidia0", "BindPaths=-/dev/dri"],
      ...["DeviceAllow=/dev/nvidia0 rw", "DeviceAllow=char-drm rw", "SupplementaryGroups=44 105"],
    ].join("\n"),
  );
  expect(text(facts, "con@worker.service.d/50-agent.conf")).not.toMatch(/\/dev\/|Device|44/);
  // A machine without any: nothing to mount, and no error.
  const bare = plan(world({}, files)).facts;
  expect(JSON.stringify(bare)).not.toContain("DeviceAllow");
});

test("a program that reaches its models may make loopback addresses, and on a shared network only its own", () => {
  const files = {
    ...manifests,
    loner: manifests.loner + program,
    worker: manifests.worker + program,
  };
  const { facts } = plan(world({}, files));
  expect(text(facts, "con@loner.service.d/50-agent.conf")).toContain(
    "RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET\n",
  );
  const rules = facts.find((fact) => fact.kind === "rules");
  const lines = rules?.kind === "rules" ? rules.text.split("\n").map((line) => line.trim()) : [];
  expect(lines.filter((line) => line.includes("127.0.0.1"))).toEqual([
    "meta skuid 20002 oif lo ip daddr 127.0.0.1 tcp dport 20002 accept",
    "meta skuid 20002 oif lo ip daddr 127.0.0.1 tcp sport 20002 tcp flags & (syn | ack) != syn accept",
  ]);
});
