import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { useSkill } from "../../src/tools/skill/use-skill.ts";
import type { GivenSkill, ToolContext } from "../../src/tools/tool.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let skills: string;

beforeEach(() => {
  skills = realpathSync(mkdtempSync(join(tmpdir(), "con-skills-")));
  world = createWorld();
  onTestFinished(() => {
    rmSync(skills, { recursive: true });
    world.remove();
  });
});

function put(name: string, files: Record<string, string>): GivenSkill {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(skills, name, path)), { recursive: true });
    writeFileSync(join(skills, name, path), text);
  }
  const others = Object.keys(files).filter((path) => path !== "SKILL.md");
  return {
    name,
    description: `about ${name}`,
    path: join(skills, name, "SKILL.md"),
    files: others,
  };
}

const text = (body: string): string => `---\nname: boil\ndescription: water\n---\n${body}`;

function use(given: readonly GivenSkill[], args: Record<string, unknown>) {
  const { files } = world.context;
  const readable = [...files.readable, skills];
  const context: ToolContext = { ...world.context, files: { ...files, readable }, skills: given };
  return useSkill.run(args, context);
}

test("tells the body without front matter, where it lies, and its files", async () => {
  const boil = put("boil", { "SKILL.md": text("\n# How\nHeat it.\n"), "scripts/heat.sh": "echo" });
  const result = await use([boil], { name: "boil" });
  expect(result).toEqual({
    ok: true,
    text:
      `Skill boil, in ${skills}/boil (read-only, also for commands)\n` +
      "Its files, opened by use_skill with file: scripts/heat.sh\n\n# How\nHeat it.",
  });
});

test("reads its files in parts, and no other ones", async () => {
  const long = [...Array(1000).keys()].map((n) => `line ${n + 1}\n`).join("");
  const boil = put("boil", { "SKILL.md": text("x"), "references/long.md": long });
  put("fry", { "SKILL.md": text("secret"), "notes.md": "secret" });
  writeFileSync(join(skills, "boil/unlisted.md"), "secret");
  const first = await use([boil], { name: "boil", file: "references/long.md" });
  expect(first.text).toContain("line 400\n");
  expect(first.text).toContain("go on with offset 401");
  const next = await use([boil], { name: "boil", file: "references/long.md", offset: 401 });
  expect(next.text.startsWith("line 401\n")).toBe(true);
  for (const file of ["unlisted.md", "../fry/notes.md", "../fry/SKILL.md", "/etc/passwd"])
    expect(await use([boil], { name: "boil", file })).toEqual({
      ok: false,
      text: "skill boil has references/long.md; without file you get its instructions",
    });
});

test("a long body comes in parts that together are the whole", async () => {
  const lines = [...Array(2000).keys()].map((n) => `${n} ${"word ".repeat(5)}`.trim());
  const boil = put("boil", { "SKILL.md": text(lines.join("\n")) });
  const seen: string[] = [];
  for (let offset: number | null = 1; offset !== null; ) {
    const result = await use([boil], { name: "boil", offset });
    expect(result.ok).toBe(true);
    expect(result.text.length).toBeLessThan(22_000);
    const next = /\n\[go on with offset (\d+)\]$/.exec(result.text);
    seen.push(result.text.slice(0, next?.index).replace(/^Skill boil.*\n\n/, ""));
    offset = next === null ? null : Number(next[1]);
  }
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.join("\n")).toBe(lines.join("\n"));
});

test("a skill of others is as good as none", async () => {
  const boil = put("boil", { "SKILL.md": text("x") });
  put("fry", { "SKILL.md": text("secret") });
  expect(await use([boil], { name: "fry" })).toEqual({
    ok: false,
    text: 'you have no skill "fry"; you have: boil',
  });
  expect(await use([], { name: "fry" })).toEqual({
    ok: false,
    text: 'you have no skill "fry"; you have none',
  });
});

test("a link in its place is not followed out of what may be read", async () => {
  const boil = put("boil", { "SKILL.md": text("x"), "a.md": "x" });
  rmSync(join(skills, "boil/a.md"));
  symlinkSync(join(world.base, "state/journal.jsonl"), join(skills, "boil/a.md"));
  const result = await use([boil], { name: "boil", file: "a.md" });
  expect(result.ok).toBe(false);
  expect(result.text).not.toContain("secret");
});

test("lists and finds", async () => {
  const all = [...Array(100).keys()].map((n) => ({
    ...{ name: `s${n}`, description: n === 70 ? "boils eggs" : "other", path: "/x/SKILL.md" },
  }));
  const listed = await use(all, {});
  expect(listed.text.split("\n")).toHaveLength(41);
  expect(listed.text).toContain("[60 more: use find with other words]");
  expect((await use(all, { find: "EGGS" })).text).toBe("- `s70`: boils eggs");
  expect((await use(all, { find: "zebra" })).ok).toBe(false);
  expect((await use([], {})).text).toBe("you have no skills");
});
