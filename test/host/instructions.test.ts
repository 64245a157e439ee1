import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import type { Agent } from "../../src/config/types.ts";
import { assemble, type Tree } from "../../src/host/instructions.ts";

function agent(): Agent {
  const text = "name: x\ntier: worker\ndescription: d\nroles: [cook]\ninstructions: inline\n";
  const { config } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: x}\nmodels: {fast: [builtin/reflex]}\n",
    },
    agents: [{ path: "agents.d/x.yaml", text }],
  });
  const [found] = config?.agents ?? [];
  if (found === undefined) throw new Error("no agent");
  return found;
}

const tree = (files: Record<string, string>): Tree =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

const skill = (name: string, description: string): string =>
  `---\nname: ${name}\ndescription: ${description}\n---\n# How\n`;

test("layers stand in their order, missing ones leave no gap", () => {
  const { result, problems } = assemble(
    agent(),
    tree({
      "agents.d/x.md": "own\n",
      "AGENTS.md": "all\n\n",
      "roles/cook/AGENTS.md": "role",
      "roles/other/AGENTS.md": "not mine",
      "agents.d/y.md": "not mine",
    }),
  );
  expect(result.text).toBe("all\n\nrole\n\nown\n\ninline\n");
  expect(problems).toEqual([]);
});

test("skills of all and of the role are deployed with all their files; a role's replaces", () => {
  const { result } = assemble(
    agent(),
    tree({
      "skills/boil/SKILL.md": skill("boil", "water"),
      "skills/fry/SKILL.md": skill("fry", "eggs"),
      "roles/cook/skills/fry/SKILL.md": skill("fry", "fish"),
      "roles/cook/skills/fry/scripts/run.sh": "echo",
      "roles/other/skills/no/SKILL.md": skill("no", "no"),
    }),
  );
  expect(result.skills.map(({ name, description }) => [name, description])).toEqual([
    ["boil", "water"],
    ["fry", "fish"],
  ]);
  expect([...(result.skills[1]?.files.keys() ?? [])]).toEqual(["SKILL.md", "scripts/run.sh"]);
});

test.each([
  ["no front matter", "# How\n", 1],
  ["no description", "---\nname: boil\n---\n", 2],
  ["another name", "---\nname: fry\ndescription: d\n---\n", 2],
  ["broken YAML", "---\nname: [boil\n---\n", 2],
])("a skill with %s is left out and reported; the agent is not", (_, text, line) => {
  const { result, problems } = assemble(
    agent(),
    tree({ "roles/cook/AGENTS.md": "role", "skills/boil/SKILL.md": text }),
  );
  expect(result.skills).toEqual([]);
  expect(problems).toMatchObject([{ file: "skills/boil/SKILL.md", line }]);
});

test("a role without a folder is reported", () => {
  expect(assemble(agent(), tree({})).problems[0]?.why).toContain("there is no role cook");
});
