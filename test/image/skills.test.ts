/**
 * Skills in the booted system: given to one agent by `con skill add`, it sees, opens and runs it and cannot change it;
 * another one has nothing of it; a broken one takes nobody along; and one that is taken out is gone.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { responsesOf, scriptModel, until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;

type Call = readonly [string, object];

const folder = "/var/lib/con/compiled/agents/cook/skills/boil";

async function manifest(name: string, more: readonly string[]): Promise<void> {
  const lines = [`name: ${name}`, "tier: worker", "description: of a test", ...more, ""];
  await container.copyIn(`/etc/con/agents.d/${name}.yaml`, lines.join("\n"));
}

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  const tools = "can: {tools: [shell, read_file, write_file]}";
  await manifest("cook", [tools]);
  await manifest("guest", [tools, "skills: [con]"]);
  await container.must(["mkdir", "-p", "/root/boil/scripts", "/root/boil/references"]);
  const text =
    "---\nname: boil\ndescription: Boil things when asked to\n---\n# How\n\nRun scripts/heat.sh.\n";
  await container.copyIn("/root/boil/SKILL.md", text);
  await container.copyIn("/root/boil/references/table.md", "eggs: 6 min\n");
  await container.copyIn("/root/boil/scripts/heat.sh", "#!/bin/sh\necho heated $1\n");
  await container.must(["con", "skill", "add", "/root/boil", "--agent", "cook"]);
  await scriptModel(container, { agent: "cook", socket: "" }, "answer");
});
afterAll(() => own?.[Symbol.asyncDispose]());

/** The results of the calls, and the prompt that they were made under. */
async function ask(agent: string, calls: readonly Call[]) {
  const argv = ["con", "task", "--json", "-a", agent, JSON.stringify(calls)];
  const { id } = JSON.parse(await container.must(argv)) as { id: string };
  const file = await until(
    async () => (await responsesOf(container, agent, id))[0] ?? null,
    `the answer of ${agent}`,
  );
  const answer = await container.must(["cat", `/srv/con/agents/${agent}/outbox/${file}`]);
  const journal = await container.must([
    "cat",
    `/srv/con/agents/${agent}/state/journal/${id}.jsonl`,
  ]);
  const prompt = journal.split("\n").find((line) => line.includes('"kind":"prompt"')) ?? "";
  return { results: JSON.parse(answer) as string[], prompt };
}

test("its agent sees it, opens it, runs its script, and cannot change it", async () => {
  const { results, prompt } = await ask("cook", [
    ["use_skill", { name: "boil" }],
    ["use_skill", { name: "boil", file: "references/table.md" }],
    ["shell", { command: `${folder}/scripts/heat.sh eggs` }],
    ["shell", { command: `echo x >>${folder}/SKILL.md; touch ${folder}/x; rm -rf ${folder}` }],
    ["write_file", { path: `${folder}/SKILL.md`, content: "x" }],
    ["use_skill", { name: "con" }],
  ]);
  expect(prompt).toContain("- `boil`: Boil things when asked to");
  const [body, file, ran, shell, written, other] = results;
  expect(body).toContain("Run scripts/heat.sh.");
  expect(body).toContain(`in ${folder} (read-only`);
  expect(body).toContain("references/table.md, scripts/heat.sh");
  expect(file).toContain("eggs: 6 min");
  expect(ran).toContain("heated eggs");
  expect(shell?.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(3);
  expect(written).toContain("denied (not_granted)");
  expect(other).toBe('you have no skill "con"; you have: boil');
  expect(await container.must(["stat", "-c", "%U:%G %a", `${folder}/scripts/heat.sh`])).toBe(
    "root:a-cook 750\n",
  );
  await container.must(["cmp", "/root/boil/SKILL.md", `${folder}/SKILL.md`]);
});

test("an agent that it was not given to has nothing of it", async () => {
  const { results, prompt } = await ask("guest", [
    ["use_skill", { name: "boil" }],
    ["read_file", { path: `${folder}/SKILL.md` }],
    ["shell", { command: `cat ${folder}/SKILL.md` }],
    ["use_skill", { name: "con" }],
  ]);
  const [opened, read, shell, control] = results;
  expect(prompt).toContain("- `con`: ");
  expect(prompt).not.toContain("Boil things");
  expect(opened).toBe('you have no skill "boil"; you have: con');
  expect(read).toContain("denied (");
  expect(shell).toContain("No such file or directory");
  expect(control).toContain("con task");
  const around = await container.exec(["cat", `${folder}/SKILL.md`], { user: "a-guest" });
  expect(around.stderr).toContain("Permission denied");
});

test("a broken one is told with file and line, and takes nobody along", async () => {
  await container.must(["mkdir", "-p", "/etc/con/skills/bad", "/etc/con/skills/linked"]);
  await container.copyIn(
    "/etc/con/skills/bad/SKILL.md",
    "---\nname: other\ndescription: d\n---\nx\n",
  );
  await container.copyIn(
    "/etc/con/skills/linked/SKILL.md",
    "---\nname: linked\ndescription: d\n---\nx\n",
  );
  await container.must(["ln", "-s", "/etc/shadow", "/etc/con/skills/linked/secret"]);
  const { code, stderr } = await container.exec(["con", "bootstrap"]);
  expect(code).toBe(78);
  expect(stderr).toContain("/etc/con/skills/bad/SKILL.md:2:1: name: is not the name of the folder");
  expect(stderr).toContain("/etc/con/skills/linked/secret:1:1: it is no regular file");
  const { results } = await ask("cook", [["use_skill", {}]]);
  expect(results).toEqual(["- `boil`: Boil things when asked to"]);
  for (const name of ["bad", "linked"])
    await container.must(["con", "skill", "remove", name, "--no-apply"]);
  await container.must(["con", "bootstrap"]);
});

test("is listed for people, and gone when it is taken out", async () => {
  const list = async () =>
    JSON.parse(await container.must(["con", "skill", "list", "--json"])) as {
      skills: { name: string; from: string; agents: string[] }[];
    };
  const boil = (await list()).skills.find(({ name }) => name === "boil");
  expect(boil).toMatchObject({ from: "agent cook", agents: ["cook"] });
  const nobody = await container.exec(["con", "skill", "remove", "boil"]);
  expect(nobody.code).toBe(65);
  await container.must(["con", "skill", "remove", "boil", "--agent", "cook"]);
  expect((await container.exec(["test", "-e", folder])).code).toBe(1);
  const { results } = await ask("cook", [["shell", { command: `ls ${folder}` }]]);
  expect(results[0]).toContain("No such file or directory");
});

test("an agent that is removed takes its own skills along, into the archive", async () => {
  await container.must(["con", "skill", "add", "/root/boil", "--agent", "guest", "--no-apply"]);
  await container.must(["con", "agent", "remove", "guest"]);
  expect((await container.exec(["test", "-e", "/etc/con/agents.d/guest.skills"])).code).toBe(1);
  const [kept = ""] = (
    await container.must(["find", "/srv/con/archive", "-path", "*/skills/boil/SKILL.md"])
  ).split("\n");
  await container.must(["cmp", "/root/boil/SKILL.md", kept]);
  expect((await container.exec(["con", "bootstrap"])).stderr).not.toContain("guest");
});
