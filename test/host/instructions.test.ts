import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import type { Agent, Config } from "../../src/config/types.ts";
import { assembleAll } from "../../src/host/assembled.ts";
import { assemble } from "../../src/host/instructions.ts";
import { libraryOf, type SkillSources, type Tree } from "../../src/host/skills.ts";

function configOf(extra = ""): Config {
  const text = `name: x\ntier: worker\ndescription: d\nroles: [cook]\ninstructions: inline\n${extra}`;
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: x}\nmodels: {fast: [builtin/reflex]}\n",
    },
    agents: [{ path: "agents.d/x.yaml", text }],
  });
  if (config?.agents.length !== 1) throw new Error(JSON.stringify(problems));
  return config;
}

const agent = (extra?: string): Agent => configOf(extra).agents[0] as Agent;

const tree = (files: Record<string, string>): Tree =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

const skill = (name: string, description: string, more = ""): string =>
  `---\nname: ${name}\ndescription: ${description}\n${more}---\n# How\n`;

const given = (sources: SkillSources, extra?: string) =>
  assemble(agent(extra), sources.tree, libraryOf(sources)).result.skills.map(
    ({ name, description }) => [name, description],
  );

const all = (sources: SkillSources, extra?: string) =>
  assembleAll(configOf(extra), libraryOf(sources), { tree: sources.tree, directory: "/etc/con" });

test("layers stand in their order, missing ones leave no gap", () => {
  const layers = tree({
    "agents.d/x.md": "own\n",
    "AGENTS.md": "all\n\n",
    "roles/cook/AGENTS.md": "role",
    "roles/other/AGENTS.md": "not mine",
    "agents.d/y.md": "not mine",
  });
  const { result, problems } = assemble(agent(), layers, libraryOf({ tree: layers }));
  expect(result.text).toBe("all\n\nrole\n\nown\n\ninline\n");
  expect(problems).toEqual([]);
});

const sources: SkillSources = {
  tree: tree({
    "skills/boil/SKILL.md": skill("boil", "water"),
    "skills/fry/SKILL.md": skill("fry", "eggs"),
    "skills/README.md": "no skill",
    "roles/cook/skills/fry/SKILL.md": skill("fry", "fish"),
    "roles/cook/skills/fry/scripts/run.sh": "echo",
    "roles/other/skills/no/SKILL.md": skill("no", "no"),
    "agents.d/x.skills/own/SKILL.md": skill("own", "mine"),
    "agents.d/y.skills/no/SKILL.md": skill("no", "no"),
  }),
  shipped: tree({
    "skills/con/SKILL.md": skill("con", "shipped"),
    "skills/boil/SKILL.md": skill("boil", "shipped"),
  }),
};

test("an agent gets those of all, of its roles and its own, with all their files; later ones win", () => {
  expect(given(sources)).toEqual([
    ["boil", "water"],
    ["fry", "fish"],
    ["own", "mine"],
  ]);
  const { result } = assemble(agent(), sources.tree, libraryOf(sources));
  expect([...(result.skills[1]?.files.keys() ?? [])]).toEqual(["SKILL.md", "scripts/run.sh"]);
});

test.each([
  ["[]", ["fry", "own"]],
  ["[boil]", ["boil", "fry", "own"]],
  ["[con]", ["con", "fry", "own"]],
  ['["*", con]', ["boil", "con", "fry", "own"]],
])("skills: %s chooses among those of all and the shipped ones", (list, names) => {
  expect(given(sources, `skills: ${list}\n`).map(([name]) => name)).toEqual(names);
});

test("a name that no skill has is told, and takes nothing else along", () => {
  const { agents, problems } = all(sources, "skills: [boil, nothing]\n");
  expect(agents.get("x")?.skills.map(({ name }) => name)).toEqual(["boil", "fry", "own"]);
  expect(problems).toMatchObject([{ file: "/etc/con/agents.d/x.yaml", key: "skills", agent: "" }]);
});

test.each([
  ["no front matter", "# How\n", 1],
  ["no description", "---\nname: boil\n---\n# How\n", 2],
  ["another name", "---\nname: fry\ndescription: d\n---\n# How\n", 2],
  ["broken YAML", "---\nname: [boil\n---\n", 2],
])(
  "a skill with %s is left out and reported once; agents and other skills are not",
  (_, text, line) => {
    const good = { "roles/cook/AGENTS.md": "role", "skills/fry/SKILL.md": skill("fry", "eggs") };
    const { agents, problems } = all({ tree: tree({ ...good, "skills/boil/SKILL.md": text }) });
    expect(agents.get("x")?.skills.map(({ name }) => name)).toEqual(["fry"]);
    expect(problems).toMatchObject([{ file: "/etc/con/skills/boil/SKILL.md", line, agent: "" }]);
  },
);

test("a skill with a link inside, or one that is a link, is left out whole", () => {
  const refused = new Map([
    ["skills/boil/secret", "it is no regular file"],
    ["skills/linked", "it is no regular file"],
  ]);
  const { agents, problems } = all({ ...sources, refused });
  expect(agents.get("x")?.skills.map(({ name }) => name)).toEqual(["fry", "own"]);
  expect(problems.map(({ file }) => file)).toEqual([
    "/etc/con/skills/boil/secret",
    "/etc/con/skills/linked",
  ]);
});

test("allowed-tools grant nothing: what the agent lacks is told", () => {
  const { findings } = all(
    {
      tree: tree({
        "roles/cook/AGENTS.md": "role",
        "skills/boil/SKILL.md": skill("boil", "water", "allowed-tools: read_file Bash(x)\n"),
      }),
    },
    "can: {tools: [read_file]}\n",
  );
  expect(findings).toMatchObject([{ what: "skill boil of agent x" }]);
  expect(findings[0]?.why).toContain("has not: Bash");
});

test("two roles with a skill of one name, and skills of nobody, are told", () => {
  const config = configOf();
  const both: Config = { ...config, agents: [{ ...agent(), roles: ["cook", "baker"] }] };
  const layers = tree({
    "roles/cook/skills/fry/SKILL.md": skill("fry", "fish"),
    "roles/baker/skills/fry/SKILL.md": skill("fry", "dough"),
    "agents.d/gone.skills/own/SKILL.md": skill("own", "mine"),
  });
  const { agents, findings } = assembleAll(both, libraryOf({ tree: layers }), {
    tree: layers,
    directory: "/etc/con",
  });
  expect(agents.get("x")?.skills.map(({ description }) => description)).toEqual(["dough"]);
  expect(findings.map(({ what }) => what)).toEqual([
    "agents.d/gone.skills",
    "skill fry of agent x",
  ]);
});

test("a role without a folder is reported", () => {
  const empty = tree({});
  const { problems } = assemble(agent(), empty, libraryOf({ tree: empty }));
  expect(problems[0]?.why).toContain("there is no role cook");
});
