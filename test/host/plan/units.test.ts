/** Units and the drop-ins that carry a manifest: what is written there, and what is left as the unit file has it. */
import { expect, test } from "vitest";
import { plan } from "../../../src/host/plan.ts";
import { dropIn } from "./facts.ts";
import { hamlet } from "./hamlet.ts";

const outer = "con@desk.path.d/50-front-desk.conf";

test("the front desk's units come before those of all others", () => {
  const { facts } = plan(hamlet({ agents: { anna: "tier: worker\n", zoe: "tier: worker\n" } }));
  const woken = facts.flatMap((fact) => (fact.kind === "unit" ? (fact.agent ?? []) : []));
  expect(woken).toEqual(["desk", "anna", "zoe"]);
});

test("what people drop into the outer inbox wakes the front desk, and nobody else", () => {
  const { facts } = plan(hamlet({ agents: { anna: "tier: worker\n" } }));
  expect(dropIn(facts, outer)).toEqual(["[Path]", "PathExistsGlob=/srv/con/inbox/*.task"]);
  expect(dropIn(facts, "con@anna.path.d/50-front-desk.conf")).toBeNull();
  const rung = plan(hamlet({}, { bells: new Set(["desk"]) }));
  expect(dropIn(rung.facts, outer)).toBeNull();
});

const ending = (instant: string): string =>
  `tier: worker\ncan: {tools: [{shell: {until: '${instant}'}}]}\n`;

test("the expiry timer goes off after each end of a grant, and once more for what then still ran", () => {
  const anna = ending("1970-01-01T00:00:20Z");
  const agents = { anna, zoe: ending("1970-01-01T00:00:01.500Z") };
  const at = (now: number) =>
    dropIn(plan(hamlet({ agents }, { now })).facts, "con-expiry.timer.d/50-ends.conf");
  expect(at(0)).toEqual([
    "[Timer]",
    "OnCalendar=1970-01-01 00:00:02 UTC",
    "OnCalendar=1970-01-01 00:00:20 UTC",
    "OnCalendar=1970-01-01 00:00:32 UTC",
    "OnCalendar=1970-01-01 00:00:50 UTC",
  ]);
  expect(at(19_999)?.[1]).toBe("OnCalendar=1970-01-01 00:00:20 UTC");
  expect(at(20_000)).toBeNull();
});

const system = `providers:
  far: {base_url: 'https://far.example/v1', credential: z-key}
  lost: {base_url: 'https://lost.example/v1', credential: lost-key}
  near: {base_url: 'https://near.example/v1', credential: a-key}
  open: {base_url: 'https://open.example/v1'}
  twin: {base_url: 'https://twin.example/v1', credential: a-key}
web:
  search:
    - {name: one, url: 'https://one.example/?q={query}', credential: z-key}
    - {name: two, url: 'https://two.example/?q={query}', credential: b-key}
    - {name: lost, url: 'https://lost.example/?q={query}', credential: lost-key}
    - {name: open, url: 'https://open.example/?q={query}'}
`;

const loading = (...names: string[]): string[] => [
  "[Service]",
  ...names.map((name) => `LoadCredentialEncrypted=${name}:/etc/con/credentials/${name}.cred`),
];

test("the gateway and the browser get each key once that is stored and theirs", () => {
  const credentials = new Set(["z-key", "unused-key", "b-key", "a-key"]);
  const { facts } = plan(hamlet({ system }, { credentials }));
  expect(dropIn(facts, "con-gateway.service.d/50-credentials.conf")).toEqual(
    loading("a-key", "z-key"),
  );
  expect(dropIn(facts, "con-browser@.service.d/50-credentials.conf")).toEqual(
    loading("b-key", "z-key"),
  );
});

test("without a stored key there is no drop-in for keys", () => {
  const { facts } = plan(hamlet({ system }));
  expect(dropIn(facts, "/50-credentials.conf")).toBeNull();
});

test("an agent's program gets the keys of its own servers that are stored", () => {
  const url = "https://mcp.example/";
  const wiki = `{url: '${url}', credentials: {X-Key: wiki-key, X-Lost: lost-key}}`;
  const can = "can: {tools: [mcp.wiki], network: ['mcp.example:443']}";
  const agents = { anna: `tier: worker\n${can}\nmcp: {wiki: ${wiki}}\n`, zoe: "tier: worker\n" };
  const { facts, findings } = plan(hamlet({ agents }, { credentials: new Set(["wiki-key"]) }));
  const keys = dropIn(facts, "con@anna.service.d/50-agent.conf")?.filter((line) =>
    line.startsWith("Load"),
  );
  expect(keys).toEqual(loading("wiki-key").slice(1));
  expect(findings.filter(({ what }) => what.startsWith("MCP"))).toEqual([
    {
      what: "MCP servers of anna",
      why: "there is no credential lost-key, so what needs it is not started",
      remedy: "con credential set lost-key",
    },
  ]);
});

test("a worker whose manifest asks for nothing has no drop-in beside its tier's", () => {
  const { facts } = plan(hamlet({ agents: { anna: "tier: worker\n" } }));
  expect(dropIn(facts, "con@anna.service.d/50-agent.conf")).toBeNull();
  const links = facts.flatMap((fact) => (fact.kind === "link" ? [fact] : []));
  expect(links.find(({ path }) => path.includes("anna"))).toEqual({
    kind: "link",
    path: "/run/systemd/system/con@anna.service.d/10-tier.conf",
    target: "/usr/lib/systemd/system/tiers/worker.conf",
  });
});

test("what a worker may both read and write is mounted once, to write", () => {
  const both = "/srv/con/artifacts/both";
  const anna = `tier: worker\ncan: {read: [/srv/con/artifacts/in, ${both}], write: [${both}]}\n`;
  const { facts } = plan(hamlet({ agents: { anna } }));
  expect(dropIn(facts, "con@anna.service.d/50-agent.conf")).toEqual([
    "[Service]",
    "BindReadOnlyPaths=-/srv/con/artifacts/in",
    `BindPaths=-${both}`,
    `ReadWritePaths=-${both}`,
  ]);
});

test("graphics processors that no group owns bring no group along", () => {
  const gpu = { paths: ["/dev/nvidia0", "/dev/nvidia-caps"], gids: [] };
  const { facts } = plan(hamlet({ agents: { anna: "tier: worker\ngpu: true\n" } }, { gpu }));
  expect(dropIn(facts, "con@anna.service.d/50-agent.conf")).toEqual([
    "[Service]",
    "BindPaths=-/dev/nvidia0",
    "BindPaths=-/dev/nvidia-caps",
    "DeviceAllow=/dev/nvidia0 rw",
    "DeviceAllow=char-nvidia-caps rw",
  ]);
});
