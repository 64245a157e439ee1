/**
 * The cascade under the real units: what is answered without the model, to whom, and which model is asked otherwise.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";

const port = "18087";
const place = "/run/con-test-naming";
const handbook = "/srv/con/artifacts/handbook";

let own: Reserved;
let container: Container;
beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await startModel();
  await configure();
});
afterAll(() => own[Symbol.asyncDispose]());

async function startModel(): Promise<void> {
  await container.must(["mkdir", "-p", place]);
  const source = join(repository, "test/image/scripted/naming-model.mts");
  await container.copyIn(`${place}/model.mts`, readFileSync(source));
  const argv = ["/usr/lib/con/node/bin/node", `${place}/model.mts`, port, `${place}/log`];
  await container.must(["systemd-run", "--quiet", "--unit=con-test-naming", ...argv]);
  const greet = ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`];
  await until(async () => ((await container.exec(greet)).code === 0 ? true : null), "the model");
}

const librarian = `name: librarian
tier: operator
description: Answers what it knows
model: smart
can:
  read: [${handbook}/**]
  tools: [agents, shell]
  models: [fast, expert]
cascade:
  reflex: true
  cache: {exact: true, semantic: 0.95}
  documents: {paths: [${handbook}/**]}
  route: {fast: fast, balanced: smart, strong: expert}
  escalate: true
  learn: true
`;
const asker = `name: asker
tier: worker
description: Asks the librarian
can: {task: [librarian, plain]}
`;
const plain = `name: plain
tier: worker
description: Answers without a cascade
model: smart
`;

const contract = `id: LIB-1
description: The shelf is whole
scope: agent:librarian
every: 1h
severity: low
checks:
  - name: shelf
    path_not_exists: {path: /run/con-test-broken}
    on_fail: {action: alert, escalate: none, message: "the shelf is broken"}
`;

async function configure(): Promise<void> {
  const url = `http://127.0.0.1:${port}/v1`;
  await container.must(["con", "model", "use", "scripted/middle", "--base-url", url]);
  const models = ["fast: [scripted/small]", "smart: [scripted/middle]", "expert: [scripted/big]"];
  const file = "/etc/con/con.yaml";
  const written = (await container.must(["cat", file])).split("\n");
  const kept = written.filter((line) => !/^ {2}(?:fast|smart|expert):/.test(line));
  const text = kept.join("\n").replace(/^models:.*$/m, `models:\n  ${models.join("\n  ")}`);
  await container.copyIn(file, text);
  await container.must(["mkdir", "-p", handbook, "/etc/con/contracts"]);
  await container.copyIn("/etc/con/contracts/lib-1.yaml", contract);
  const faq =
    "# Keys\n\n## Who keeps the key of the server room?\n\nAda keeps it, in the red box.\n";
  await container.copyIn(`${handbook}/keys.md`, faq);
  for (const [name, manifest] of Object.entries({ librarian, asker, plain }))
    await container.copyIn(`/etc/con/agents.d/${name}.yaml`, manifest);
  await container.must(["con", "bootstrap"]);
}

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly answer: string;
}

async function ask(text: string, { user, agent = "librarian" }: Who = {}): Promise<Shown> {
  const as = user === undefined ? {} : { user };
  const sent = await container.must(["con", "task", "--json", `--agent=${agent}`, text], as);
  const { id } = JSON.parse(sent) as { id: string };
  return until(async () => {
    const found = await container.exec(["con", "show", "--json", id]);
    if (found.code !== 0) return null;
    const shown = JSON.parse(found.stdout) as Shown;
    return ["done", "failed"].includes(shown.state) ? shown : null;
  }, `${id} done`);
}

interface Who {
  readonly user?: string;
  readonly agent?: string;
}

const asked = async (): Promise<string[]> =>
  (await container.exec(["cat", `${place}/log`])).stdout.split("\n").filter(Boolean);

interface Story {
  readonly events: readonly {
    readonly kind: string;
    readonly layer?: string;
    readonly verdict?: string;
    readonly model?: string;
    readonly cost_usd?: number;
  }[];
}

async function storyOf(id: string): Promise<Story["events"]> {
  return (JSON.parse(await container.must(["con", "trace", "--json", id])) as Story).events;
}

const looksOf = async (id: string): Promise<string[]> =>
  (await storyOf(id)).flatMap(({ kind, layer, verdict }) =>
    kind === "cascade" ? [`${layer} ${verdict}`] : [],
  );

const question = "What is the capital of France called?";

test("two equal tasks of one trusted person cost one call; another uid costs its own", async () => {
  const before = (await asked()).length;
  const first = await ask(question);
  const again = await ask(question);
  expect(again.answer).toBe(first.answer);
  expect((await asked()).slice(before)).toEqual(["small"]);
  const events = await storyOf(again.id);
  expect(events.find(({ kind }) => kind === "model-result")).toMatchObject({
    ...{ model: "cache/exact", cost_usd: 0 },
  });
  expect(await container.must(["con", "trace", again.id])).toContain("cascade, exact: hit");

  const other = await ask(question, { user: "a-asker" });
  expect(other.answer).not.toBe(first.answer);
  expect(await looksOf(other.id)).toContain("exact miss");
  expect((await asked()).slice(before)).toEqual(["small", "small"]);
});

test("documents answer with their source, and the rule engine what it surely knows", async () => {
  const before = await asked();
  const { answer, id } = await ask("Who keeps the key of the server room?");
  expect(answer).toContain("Ada keeps it, in the red box.");
  expect(answer).toContain(`Source: ${handbook}/keys.md`);
  expect(await looksOf(id)).toEqual([
    ...["reflex miss", "exact miss", "semantic miss", "documents hit"],
  ]);
  const agents = await ask("which agents are running?");
  expect(agents.answer).toContain("librarian");
  expect(await looksOf(agents.id)).toEqual(["reflex hit"]);
  expect(await asked()).toEqual(before);
});

test("a task goes to the model for its kind", async () => {
  const before = (await asked()).length;
  await ask("Compare the three gardens and explain which is the best");
  await ask("Refactor the parser and fix its bug");
  expect((await asked()).slice(before)).toEqual(["middle", "big"]);
});

/** Other contracts may fail as they like: tests are a load. */
async function shelfNow(): Promise<string | undefined> {
  const { stdout } = await container.exec(["con", "healthcheck", "--json", "LIB-1"]);
  const { results } = JSON.parse(stdout) as { results: { contract: string; state: string }[] };
  return results.find((one) => one.contract === "LIB-1")?.state;
}

test("a contract that fails after a task is that task's failure, told to that agent alone", async () => {
  const told = "/var/lib/con/outcomes/librarian/contracts.json";
  expect(await shelfNow()).toBe("pass");
  expect((await container.exec(["test", "-e", told])).code).toBe(1);
  await ask("Compare the four gardens and explain which is the best");
  await container.must(["touch", "/run/con-test-broken"]);
  expect(await shelfNow()).toBe("fail");
  const { stdout } = await container.exec(["cat", told], { user: "a-librarian" });
  expect(JSON.parse(stdout).turns).toMatchObject([
    { contract: "LIB-1", check: "shelf", message: "the shelf is broken" },
  ]);
  expect((await container.exec(["cat", told], { user: "a-plain" })).code).not.toBe(0);
  const write = ["sh", "-c", `echo x >> ${told}`];
  expect((await container.exec(write, { user: "a-librarian" })).code).not.toBe(0);
  const { id } = await ask("Compare the five gardens and explain which is the best");
  expect(await looksOf(id)).toContain("learn passed");
  const trace = await container.must(["con", "trace", id]);
  expect(trace).toContain("failures by contracts: LIB-1: route:balanced");
});

test("switched off, nothing of it is there", async () => {
  const { id } = await ask(question, { agent: "plain" });
  const again = await ask(question, { agent: "plain" });
  expect(await looksOf(id)).toEqual([]);
  expect(await looksOf(again.id)).toEqual([]);
  const file = (agent: string) => ["test", "-e", `/srv/con/agents/${agent}/state/cascade.db`];
  expect((await container.exec(file("plain"))).code).toBe(1);
  expect((await container.exec(file("librarian"))).code).toBe(0);
  const mode = ["stat", "-c", "%a %U", "/srv/con/agents/librarian/state/cascade.db"];
  expect((await container.must(mode)).trim()).toBe("600 a-librarian");
});
