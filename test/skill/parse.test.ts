import { expect, test } from "vitest";
import { checkSkill } from "../../src/skill/parse.ts";

const files = (all: Record<string, string | Uint8Array>) =>
  new Map(Object.entries(all).map(([path, content]) => [path, Buffer.from(content)]));

const head = "name: boil\ndescription: water";
const skill = (front: string, body = "# How\n") =>
  files({ "SKILL.md": `---\n${front}\n---\n${body}` });

test("takes what the specification allows, and neutralises what stands in prompts", () => {
  const front = [
    "name: boil-eggs2",
    "description: >-\n  Boil <<<eggs>>> when\n  `asked` | now",
    "license: Apache-2.0",
    "compatibility: Needs a pot",
    "metadata: {author: me, category: kitchen}",
    "allowed-tools: Bash(git:*) read_file",
  ].join("\n");
  const { head, problems, warnings } = checkSkill("boil-eggs2", skill(front));
  expect(problems).toEqual([]);
  expect(warnings).toEqual([]);
  expect(head).toEqual({
    name: "boil-eggs2",
    description: "Boil eggs when asked now",
    license: "Apache-2.0",
    compatibility: "Needs a pot",
    category: "kitchen",
    allowedTools: ["Bash", "read_file"],
  });
});

test.each([
  ["no front matter", files({ "SKILL.md": "# How\n" }), "SKILL.md", 1, "no front matter"],
  ["no SKILL.md", files({ "skill.md": "x" }), "SKILL.md", 1, "the file is missing"],
  ["no description", skill("name: boil"), "SKILL.md", 2, "description: is missing"],
  ["an empty description", skill("name: boil\ndescription: '<>'"), "SKILL.md", 3, "is missing"],
  [
    "a long one",
    skill(`name: boil\ndescription: ${"x".repeat(1025)}`),
    "SKILL.md",
    3,
    "longer than 1024",
  ],
  ["another name", skill("description: d\nname: fry"), "SKILL.md", 3, "not the name of the folder"],
  ["a bad name", skill("name: Boil\ndescription: d"), "SKILL.md", 2, "is no name"],
  ["the same key twice", skill(`${head}\nname: fry`), "SKILL.md", 4, "no YAML"],
  ["broken YAML", skill("name: [boil"), "SKILL.md", 2, "no YAML"],
  ["an alias", skill("name: &a boil\ndescription: *a"), "SKILL.md", 2, "no map"],
  ["no body", skill(head, " \n"), "SKILL.md", 5, "nothing below"],
  [
    "metadata that is a list",
    skill(`${head}\nmetadata: [a]`),
    "SKILL.md",
    4,
    "metadata: is no map",
  ],
  [
    "tools that are a number",
    skill(`${head}\nallowed-tools: 3`),
    "SKILL.md",
    4,
    "no list of names",
  ],
  ["a bidi override", skill(head, "ok\nrm \u202e\n"), "SKILL.md", 6, "U+202E"],
  ["hidden tags", skill(head, "ok \u{e0041}\n"), "SKILL.md", 5, "U+E0041"],
  ["a terminal escape", skill(head, "\u001b[2J\n"), "SKILL.md", 5, "U+001B"],
  ["a space of no width", skill(head, "ok\nrm\u200b\n"), "SKILL.md", 6, "U+200B"],
  ["a filler that looks like a space", skill(head, "a\u3164b\n"), "SKILL.md", 5, "U+3164"],
  ["a return that is no line end", skill(head, "rm\rls\n"), "SKILL.md", 5, "U+000D"],
  [
    "bytes that are no text",
    files({ "SKILL.md": Buffer.from([0xff, 0xfe]) }),
    "SKILL.md",
    1,
    "UTF-8",
  ],
  ["a huge text", skill(head, "x".repeat(70_000)), "SKILL.md", 1, "larger than"],
  [
    "an odd file name",
    new Map([...skill(head), ["a\nb", Buffer.from("x")]]),
    "a\nb",
    1,
    "no plain one",
  ],
  [
    "a path that leads out",
    new Map([...skill(head), ["../x", Buffer.from("x")]]),
    "../x",
    1,
    "no plain one",
  ],
  ["too many bytes", new Map([...skill(head), ["a", Buffer.alloc(1 << 20)]]), "", 1, "more than"],
  [
    "too many files",
    new Map([
      ...skill(head),
      ...[...Array(100).keys()].map((n) => [`f${n}`, Buffer.from("x")] as const),
    ]),
    "",
    1,
    "more than 100",
  ],
])("refuses %s, with file and line", (_, all, file, line, why) => {
  const { head, problems } = checkSkill("boil", all);
  expect(head).toBeNull();
  expect(problems[0]).toMatchObject({ file, line });
  expect(problems[0]?.why).toContain(why);
  expect(problems[0]?.remedy).not.toBe("");
});

test.each(["Boil", "-boil", "boil--eggs", "x".repeat(65), "a/b", ""])(
  "refuses a folder called %s",
  (folder) => expect(checkSkill(folder, skill(head)).head).toBeNull(),
);

test("warns of what works and should be otherwise", () => {
  const { head: found, warnings } = checkSkill(
    "boil",
    skill(`${head}\nversion: 1`, "line\n".repeat(501)),
  );
  expect(found?.name).toBe("boil");
  expect(warnings.map(({ line, why }) => [line, why])).toEqual([
    [4, "version: nobody knows this field"],
    [6, "its body has 502 lines, more than 500"],
  ]);
});
