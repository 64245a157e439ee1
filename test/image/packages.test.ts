/**
 * Packages for forged tools in the booted system, from a registry on its loopback: a tool that needs one has it installed
 * and works without the registry afterwards; what is not listed, not what was pinned, or hostile changes nothing.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { layerKey } from "../../src/system/layers/names.ts";
import {
  answersOf,
  integrityIn,
  integrityOf,
  type Offered,
  server,
} from "../support/npm-registry.ts";
import { until } from "./scripted/model.ts";
import { startProvider, useProvider } from "./support/scripted.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const agent = "packer";
const asking = "packer-asks";
const [port, registryPort, otherPort] = [18_095, 18_096, 18_097];
const registry = `http://127.0.0.1:${registryPort}`;
const config = "/etc/con/con.yaml";
const layers = "/var/lib/con/layers";
const manifests = [agent, asking].map((name) => `/etc/con/agents.d/${name}.yaml`);
const home = (name: string) => `/srv/con/agents/${name}`;

const offered: readonly Offered[] = [
  { name: "inner", version: "1.0.0", files: { "index.js": "module.exports = (t) => t + '!';" } },
  {
    ...{ name: "outer", version: "1.0.0", more: { dependencies: { inner: "^1.0.0" } } },
    files: { "index.js": "module.exports = (t) => require('inner')(t.toUpperCase());" },
  },
  {
    ...{ name: "scripted", version: "1.0.0", files: { "index.js": "" } },
    more: { scripts: { install: "echo ran > ran.txt", postinstall: "echo ran > ran.txt" } },
  },
  { name: "later", version: "1.0.0", files: { "index.js": "module.exports = (t) => t;" } },
  { name: "pinned", version: "1.0.0" },
  { name: "forged", version: "1.0.0", isForged: true },
  { name: "layered", version: "1.0.0" },
  { name: "queued", version: "1.0.0", files: { "index.js": "" } },
];
const answers = answersOf(registry, offered);
const wrong = integrityOf(Buffer.from("something else"));

const listed = [
  "{package: outer==1.0.0, language: node}",
  `{package: scripted==1.0.0, language: node, integrity: "${integrityIn(answers, "/scripted/-/1.0.0.tgz")}"}`,
  "{package: later==1.0.0, language: node}",
  `{package: pinned==1.0.0, language: node, integrity: "${wrong}"}`,
  `{package: layered==1.0.0, language: node, layer: ${"ab".repeat(32)}}`,
  "{package: forged==1.0.0, language: node}",
  "{package: six==1.17.0, language: python}",
  "{package: silent==1.0.0, language: node}",
  "{package: queued==1.0.0, language: node}",
];

const text = { type: "string" };
const orderOf = (name: string) => ({
  ...{ name, language: "node", purpose: `Makes text loud, as ${name}` },
  inputs: { type: "object", properties: { text }, required: ["text"] },
  output: { type: "object", properties: { value: text }, required: ["value"] },
  examples: [{ arguments: { text: "a" }, result: { value: name === "calm" ? "a" : "A!" } }],
});
const program = (of: string, dependencies: readonly string[]) => ({
  text: JSON.stringify({
    code: `import fs from "node:fs";
import change from "${of}";
const { text } = JSON.parse(fs.readFileSync(0, "utf8"));
console.log(JSON.stringify({ value: change(text) }));
`,
    dependencies,
    tests: [
      {
        arguments_json: '{"text": "b"}',
        result_json: of === "later" ? '{"value": "b"}' : '{"value": "B!"}',
      },
    ],
  }),
});
const calls = (...made: readonly (readonly [string, object])[]) => ({
  tool_calls: made.map(([name, args]) => ({ name, arguments: args })),
});
const use = (name: string, word: string): readonly [string, object] => [
  "use_tool",
  { name: `forged.${name}`, arguments: { text: word } },
];
const script = [
  {
    when: "Write the tool forged.loud in",
    turns: [
      { attempts: [program("nothing", ["nothing==1.0.0"]), program("outer", ["outer==1.0.0"])] },
    ],
  },
  { when: "Write the tool forged.calm in", turns: [program("later", ["later==1.0.0"])] },
  {
    when: "please forge",
    turns: [calls(["forge_tool", orderOf("loud")]), calls(use("loud", "hi")), { text: "ok" }],
  },
  { when: "please use", turns: [calls(use("loud", "again")), { text: "ok" }] },
  {
    when: "please ask",
    turns: [
      calls(["forge_tool", orderOf("calm")]),
      calls(["forge_tool", orderOf("calm")]),
      calls(use("calm", "hush")),
      { text: "ok" },
    ],
  },
  { when: "", turns: [{ text: "ready" }] },
];

const unit = "packages-registry.service";
const startServer = async (name: string, at: number) =>
  container.must([
    ...["systemd-run", "--quiet", `--unit=${name}`, "/usr/bin/node", "/run/packages-server.mjs"],
    ...[String(at), "/run/packages-answers.json", `/run/packages-${at}.log`],
  ]);

beforeAll(async () => {
  await startProvider(container, { name: "packages", port, script, log: "/run/packages.jsonl" });
  await container.copyIn("/run/packages-server.mjs", server);
  await container.copyIn(
    "/run/packages-answers.json",
    JSON.stringify({ ...answers, "/silent": null }),
  );
  await startServer(unit, registryPort);
  await startServer("packages-other.service", otherPort);
  for (const one of [registryPort, otherPort])
    await until(async () => {
      const { code } = await container.exec([
        "grep",
        "-q",
        "^listening",
        `/run/packages-${one}.log`,
      ]);
      return code === 0 ? true : null;
    }, "the registry");
  await container.must(["cp", "-p", config, "/run/packages-con.yaml"]);
  const aliases = "\\n  coder: [builtin/reflex]\\n  smithy: [builtin/reflex]";
  await container.must(["sed", "-i", `s|^models:$|models:${aliases}|`, config]);
  const part = `forge: {registries: {node: "${registry}"}, packages: [${listed.join(", ")}]}`;
  await container.must(["sed", "-i", `$a ${part}`, config]);
  const can = "can: {tools: [forge_tool, forged], models: [coder]}";
  const head = "description: Makes tools\ntier: worker\nmodel: smithy\n";
  await container.copyIn(manifests[0] ?? "", `name: ${agent}\n${head}${can}\n`);
  const more = can.replace("forged]", "forged, install_package]");
  await container.copyIn(
    manifests[1] ?? "",
    `name: ${asking}\n${head}${more}\napproval: [install_package]\n`,
  );
  await useProvider(container, port, "coder,smithy");
});
afterAll(async () => {
  for (const { package: name, state } of await list())
    if (state === "installed") await con("remove", name);
  await container.must(["cp", "-p", "/run/packages-con.yaml", config]);
  await container.must(["rm", ...manifests]);
  await container.must(["/bin/sh", "-c", `rm -f ${layers}/*.lock ${layers}/*.failed.json`]);
  await container.must(["con", "bootstrap", "--prune"]);
  await container.exec(["systemctl", "stop", "packages-model", unit, "packages-other"]);
});

interface Row {
  readonly package: string;
  readonly state: string;
  readonly layer: string | null;
  readonly holds: readonly string[] | null;
}

const con = (...argv: readonly string[]) => container.exec(["con", "package", ...argv]);
const list = async (): Promise<readonly Row[]> =>
  (JSON.parse((await con("list", "--json")).stdout) as { packages: Row[] }).packages;
const rowOf = async (name: string) => (await list()).find((row) => row.package === name);

/** Every file of every layer, with its owner and mode. What was tried in vain is told beside. */
const lying = () =>
  container.must([
    ...["find", layers, "-mindepth", "1", "!", "-name", "*.failed.json"],
    ...["-printf", "%y %m %u %P\\n"],
  ]);

const send = async (to: string, words: string) =>
  (await container.must(["con", "task", "-a", to, words])).trim();

async function resultsOf(of: string, id: string): Promise<string[]> {
  await until(async () => {
    const found = await container.exec(["cat", `${home(of)}/outbox/${id}.json`]);
    return found.code === 0 ? true : null;
  }, `the end of ${id}`);
  const find = ["find", home(of), "-name", `${id}.jsonl`, "-exec", "cat", "{}", "+"];
  return (await container.must(find))
    .split("\n")
    .filter((line) => line.includes('"kind":"tool-result"'))
    .map((line) => (JSON.parse(line) as { readonly text: string }).text);
}

const ask = async (words: string) => resultsOf(agent, await send(agent, words));

test("a tool has its package installed, and works without the registry", async () => {
  expect(await rowOf("outer==1.0.0")).toMatchObject({ state: "missing" });
  const [forged, used] = await ask("please forge");
  expect(forged).toContain("forged.loud version 1 is there: 2 tests passed, round 2 of 3");
  const story = await container.must([
    "cat",
    /\[the whole story: kept in (\S+)\]/.exec(forged ?? "")?.[1] ?? "",
  ]);
  expect(story).toContain("nothing==1.0.0 is not allowed here. Allowed are: outer==1.0.0");
  expect(story).toContain("A person may add one to forge.packages in con.yaml");
  expect(used).toBe('{"value":"HI!"}');
  const row = await rowOf("outer==1.0.0");
  expect(row).toMatchObject({ state: "installed", holds: ["inner==1.0.0", "outer==1.0.0"] });
  const files = (await lying()).split("\n").filter((line) => line.includes("node_modules/"));
  expect(files.filter((line) => line.startsWith("f ")).length).toBe(4);
  expect(files.every((line) => /^(?:f 444|d 755) root /.test(line))).toBe(true);
  await container.must(["systemctl", "stop", unit]);
  expect((await ask("please use")).at(-1)).toBe('{"value":"AGAIN!"}');
  await startServer(unit, registryPort);
});

test("what was changed in a layer does not run, con verify tells, and add mends it", async () => {
  const { layer } = (await rowOf("outer==1.0.0")) ?? {};
  const file = `${layers}/${layer}/node_modules/inner/index.js`;
  await container.must(["sed", "-i", "s/!/?/", file]);
  expect((await ask("please use")).at(-1)).toContain(`layer ${layer} is not what it was`);
  const verified = await container.exec(["con", "verify"]);
  expect(verified.stderr).toContain(`layer ${layer}: its files have the digest`);
  expect(verified.stdout).toContain("1 layer or shared tool changed or damaged");
  expect(verified.code).toBe(1);
  expect(await con("add", "outer==1.0.0")).toMatchObject({ code: 0 });
  expect((await ask("please use")).at(-1)).toBe('{"value":"AGAIN!"}');
  expect((await container.exec(["con", "verify"])).stderr).not.toContain("layer");
});

test.each([
  ["pinned==1.0.0", `and con.yaml says ${wrong}`],
  ["layered==1.0.0", `and con.yaml says ${"ab".repeat(32)}`],
  ["forged==1.0.0", "EINTEGRITY"],
  ["six==1.17.0", "there is no pip here: the image's full profile has it"],
])("%s is refused, and nothing changed", async (name, why) => {
  const before = await lying();
  const added = await con("add", name);
  expect([added.code, added.stderr]).toEqual([1, expect.stringContaining(why)]);
  expect(await lying()).toBe(before);
  expect(await rowOf(name)).toMatchObject({ state: "failed", layer: null });
});

test("the installer's user reaches the registry, and nothing else of this machine", async () => {
  const script = `const socket = require("node:net").connect(process.argv[1], "127.0.0.1");
    socket.setTimeout(1000, () => { console.log("silence"); process.exit(); });
    socket.on("connect", () => { console.log("connected"); process.exit(); });`;
  const tried = (at: number, user?: string) =>
    container.must(["/usr/bin/node", "-e", script, String(at)], user === undefined ? {} : { user });
  expect(await tried(registryPort, "con-layer")).toBe("connected\n");
  expect(await tried(otherPort)).toBe("connected\n");
  expect(await tried(otherPort, "con-layer")).toBe("silence\n");
});

test("what con.yaml does not list is not installed, whoever asks", async () => {
  const before = await lying();
  expect(await con("add", "inner==1.0.0")).toMatchObject({ code: 64 });
  const forced = await con("add", "inner==1.0.0", "--language", "node");
  expect(forced.stderr).toContain("con.yaml does not list it under forge.packages");
  expect(forced.code).toBe(1);
  expect(await lying()).toBe(before);
});

test("no script of a package runs", async () => {
  // Of the installer's end its own mark tells, not the sweep.
  await container.must(["systemctl", "stop", "con-sweep.timer"]);
  const added = await con("add", "scripted==1.0.0");
  await container.must(["systemctl", "start", "con-sweep.timer"]);
  expect(added).toMatchObject({ code: 0 });
  const { layer } = (await rowOf("scripted==1.0.0")) ?? {};
  const names = await container.must(["ls", `${layers}/${layer}/node_modules/scripted`]);
  expect(names.trim().split("\n").sort()).toEqual(["index.js", "package.json"]);
});

/** How often the registry that does not answer was asked. */
const silences = async (): Promise<number> =>
  (await container.must(["cat", `/run/packages-${registryPort}.log`])).split("/silent\n").length -
  1;
const silent = `con-layer@${layerKey({ language: "node", package: "silent==1.0.0" })}.service`;
const isAtWork = async () => (await container.exec(["systemctl", "is-active", silent])).stdout;

test("while a registry does not answer con halt acts, and what a boot cut off ends", async () => {
  const asked = con("add", "silent==1.0.0");
  await until(async () => ((await silences()) === 1 ? true : null), "the installer");
  expect(await container.exec(["con", "halt", "workers"])).toMatchObject({ code: 0 });
  expect(await container.exec(["con", "resume"])).toMatchObject({ code: 0 });
  const queued = con("add", "queued==1.0.0");
  expect([await isAtWork(), await rowOf("queued==1.0.0")]).toEqual([
    "active\n",
    expect.objectContaining({ state: "missing" }),
  ]);
  // As after a boot: nothing says that it was begun.
  await container.must(["rm", "/run/con/layer-begun"]);
  await container.must(["systemctl", "start", "con-sweep.service"]);
  await until(async () => ((await silences()) === 2 ? true : null), "the installer again");
  // A limit holds from the reload on, for what runs already too.
  const drop = `/run/systemd/system/${silent}.d`;
  await container.must(["mkdir", "-p", drop]);
  await container.copyIn(`${drop}/limit.conf`, "[Service]\nRuntimeMaxSec=1s\n");
  await container.must(["systemctl", "daemon-reload"]);
  const added = await asked;
  expect([added.code, added.stderr]).toEqual([
    1,
    expect.stringContaining("it was stopped: its time or memory was over"),
  ]);
  expect(added.stderr).toContain("silent==1.0.0 is being fetched");
  expect(await silences()).toBe(2);
  expect(await queued).toMatchObject({ code: 0 });
  expect(await rowOf("queued==1.0.0")).toMatchObject({ state: "installed" });
  // What was asked goes when all are answered.
  const orders = ["ls", "-A", "/var/lib/con/layer-orders"];
  await until(async () => ((await container.must(orders)) === "" ? true : null), "no order left");
  await container.must(["rm", "-r", drop]);
  await container.must(["systemctl", "daemon-reload"]);
});

test("where people are asked before packages are installed, the forging waits for them", async () => {
  const id = await send(asking, "please ask");
  const waiting = await until(async () => {
    const found = await container.exec(["con", "approvals", "--json"]);
    const all = (JSON.parse(found.stdout) as { approvals: { id: string; agent: string }[] })
      .approvals;
    return all.find((one) => JSON.stringify(one).includes("later==1.0.0"))?.id ?? null;
  }, "the question");
  expect(await rowOf("later==1.0.0")).toMatchObject({ state: "missing" });
  await container.must(["con", "approvals", "approve", waiting]);
  const [held, forged, used] = await resultsOf(asking, id);
  expect(held).toContain("done");
  expect(forged).toContain("forged.calm version 1 is there");
  expect(used).toBe('{"value":"hush"}');
});
