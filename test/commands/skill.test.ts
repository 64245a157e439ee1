import { spawnSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { addSkill, removeSkill, type SkillDeps } from "../../src/commands/skill/change.ts";
import { listSkills } from "../../src/commands/skill/list.ts";
import { showSkill } from "../../src/commands/skill/show.ts";
import { exit } from "../../src/system/errors.ts";
import { failure, makeIo } from "./support.ts";

const skill = (name: string, description = "about it"): string =>
  `---\nname: ${name}\ndescription: ${description}\n---\n# How to ${name}\n`;

function setting(uid = 0) {
  const base = mkdtempSync(join(tmpdir(), "con-skill-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const put = (path: string, text: string): string => {
    const whole = join(base, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
    return whole;
  };
  put("etc/con.yaml", "models: {fast: [builtin/reflex]}\nsystem: {front_desk: desk}\n");
  for (const name of ["desk", "scribe"])
    put(`etc/agents.d/${name}.yaml`, `name: ${name}\ndescription: x\ntier: worker\n`);
  put("etc/roles/cook/AGENTS.md", "cook");
  put("boil/SKILL.md", skill("boil"));
  put("boil/scripts/heat.sh", "#!/bin/sh\necho heat\n");
  put("boil/.git/config", "x");
  const ran: (readonly string[])[] = [];
  const test = makeIo(base, { uid });
  const deps: SkillDeps = {
    ...{ etc: join(base, "etc"), dev: false, self: ["node", "con"] },
    execute: async (argv) => {
      ran.push(argv);
      return { code: 0, signal: null, stdout: "", stderr: "", timedOut: false };
    },
  };
  const names = (path: string): string[] =>
    existsSync(join(base, path)) ? readdirSync(join(base, path)) : [];
  return { ...test, base, put, deps, ran, names };
}

describe("con skill add", () => {
  test("puts a folder there whole, with its scripts, and bootstraps", async () => {
    const { io, out, deps, ran, names, base } = setting();
    expect(await addSkill(["boil"], io, deps)).toBe(exit.ok);
    expect(ran).toEqual([["node", "con", "bootstrap"]]);
    expect(names("etc/skills")).toEqual(["boil"]);
    expect(names("etc/skills/boil").sort()).toEqual(["SKILL.md", "scripts"]);
    expect(statSync(join(base, "etc/skills/boil/scripts/heat.sh")).mode & 0o111).not.toBe(0);
    expect(out()).toContain("given to: desk, scribe\n");
  });

  test("gives it to one agent, or a role, and says so as JSON", async () => {
    const { io, out, deps, names } = setting();
    await addSkill(["boil", "--agent=scribe", "--json"], io, deps);
    expect(JSON.parse(out())).toMatchObject({
      ...{ name: "boil", from: "agent scribe", replaced: false, files: 2, agents: ["scribe"] },
      ...{ warnings: [], applied: true },
    });
    expect(names("etc/agents.d/scribe.skills")).toEqual(["boil"]);
    await addSkill(["boil", "--role=cook", "--no-apply"], io, deps);
    expect(names("etc/roles/cook/skills")).toEqual(["boil"]);
  });

  test.each(["-cf", "-czf"])("takes what tar %s made", async (how) => {
    const { io, deps, names, base } = setting();
    spawnSync("tar", ["-C", base, how, join(base, "boil.tar.gz"), "boil"]);
    expect(await addSkill(["boil.tar.gz"], io, deps)).toBe(exit.ok);
    expect(names("etc/skills/boil").sort()).toEqual(["SKILL.md", "scripts"]);
  });

  test("replaces only when told to, whole", async () => {
    const { io, deps, put, names, base } = setting();
    await addSkill(["boil"], io, deps);
    put("boil/SKILL.md", skill("boil", "anew"));
    rmSync(join(base, "boil/scripts"), { recursive: true });
    const refused = await failure(() => addSkill(["boil"], io, deps));
    expect(refused.code).toBe(exit.cannotCreate);
    expect(names("etc/skills/boil").sort()).toEqual(["SKILL.md", "scripts"]);
    expect(await addSkill(["boil", "--replace"], io, deps)).toBe(exit.ok);
    expect(names("etc/skills/boil")).toEqual(["SKILL.md"]);
    expect(names("etc/skills")).toEqual(["boil"]);
    expect(readFileSync(join(base, "etc/skills/boil/SKILL.md"), "utf8")).toContain("anew");
  });

  test("brings back what a crash left between two names, and removes halves", async () => {
    const { io, deps, put, names } = setting();
    put("etc/skills/.fry.old-0123456789abcdef/SKILL.md", skill("fry"));
    put("etc/skills/.fry.new-0123456789abcdef/SKILL.md", "half");
    put("etc/skills/.boil.new-0123456789abcdef/SKILL.md", "half");
    await addSkill(["boil"], io, deps);
    expect(names("etc/skills").sort()).toEqual(["boil", "fry"]);
  });

  const bad: [string, (s: ReturnType<typeof setting>) => unknown, string, string][] = [
    [
      "a link inside",
      ({ base }) => symlinkSync("/etc/shadow", join(base, "boil/x")),
      "boil",
      "x is a link",
    ],
    [
      "a file with a second name",
      ({ base, put }) => linkSync(put("secret", "s"), join(base, "boil/x")),
      "boil",
      "hard link",
    ],
    ["a FIFO", ({ base }) => spawnSync("mkfifo", [join(base, "boil/x")]), "boil", "a device"],
    ["another name", ({ put }) => put("boil/SKILL.md", skill("fry")), "boil", "no valid skill"],
    ["too much", ({ put }) => put("boil/x", "x".repeat(1 << 20)), "boil", "more than"],
    ["nothing there", () => null, "fry", "no such folder"],
    ["a zip", ({ put }) => put("x.zip", "PK\u0003\u0004".padEnd(600)), "x.zip", "no tar archive"],
    ["damaged gzip", ({ put }) => put("x.tgz", "x"), "x.tgz", "cut off"],
    ["a way up", () => null, "boil/..", "no valid skill"],
  ];
  test.each(bad)("refuses %s and changes nothing", async (_, make, source, why) => {
    const at = setting();
    make(at);
    const error = await failure(() => addSkill([source], at.io, at.deps));
    expect(error.code).toBe(exit.badInput);
    expect(error.why).toContain(why);
    expect(error.remedy).not.toBe("");
    expect(at.names("etc/skills")).toEqual([]);
    expect(at.ran).toEqual([]);
  });

  test("tells file and line of a problem, escaped", async () => {
    const { io, err, deps, put } = setting();
    put("boil/SKILL.md", "---\nname: boil\ndescription: d\nmetadata: [1]\n---\nx\n");
    await failure(() => addSkill(["boil"], io, deps));
    expect(err()).toContain("boil/SKILL.md:4: metadata: is no map");
  });

  test("--dry-run checks and changes nothing, as anybody", async () => {
    const { io, out, deps, names } = setting(1000);
    expect(await addSkill(["boil", "--dry-run"], io, deps)).toBe(exit.ok);
    expect(out()).toContain("skill boil is valid: 2 files");
    expect(names("etc/skills")).toEqual([]);
  });

  test("is for root, for agents and roles that there are", async () => {
    const other = setting(1000);
    expect((await failure(() => addSkill(["boil"], other.io, other.deps))).code).toBe(
      exit.permission,
    );
    const { io, deps } = setting();
    for (const [owner, why] of [
      ["--agent=nobody", "no such agent"],
      ["--role=nobody", "no such role"],
      ["--role=../x", "no such role"],
    ] as const)
      expect((await failure(() => addSkill(["boil", owner], io, deps))).why).toContain(why);
    const both = await failure(() => addSkill(["boil", "--agent=desk", "--role=cook"], io, deps));
    expect(both.code).toBe(exit.usage);
  });
});

describe("con skill remove", () => {
  test("takes out exactly that one, and bootstraps", async () => {
    const { io, deps, ran, names } = setting();
    await addSkill(["boil"], io, deps);
    await addSkill(["boil", "--agent=scribe"], io, deps);
    expect(await removeSkill(["boil"], io, deps)).toBe(exit.ok);
    expect(names("etc/skills")).toEqual([]);
    expect(names("etc/agents.d/scribe.skills")).toEqual(["boil"]);
    expect(ran).toHaveLength(3);
    for (const name of ["boil", "..", ".", "../agents.d"])
      expect((await failure(() => removeSkill([name], io, deps))).code).toBe(exit.badInput);
    expect(names("etc/agents.d").length).toBeGreaterThan(2);
  });
});

describe("con skill list and show", () => {
  test("say what there is, who has it, and what is broken", () => {
    const { io, out, err, deps, put } = setting();
    put("etc/skills/boil/SKILL.md", skill("boil"));
    put("etc/skills/bad/SKILL.md", "no front matter");
    put("etc/agents.d/scribe.skills/boil/SKILL.md", skill("boil", "mine \u001b[2J"));
    put("etc/agents.d/scribe.skills/own/SKILL.md", skill("own", "mine <b>"));
    expect(listSkills(["--agent=scribe", "--json"], io, deps.etc)).toBe(exit.ok);
    expect(JSON.parse(out())).toMatchObject({
      skills: [
        { name: "boil", from: "all", agents: ["desk", "scribe"] },
        { name: "own", description: "mine b" },
      ],
      problems: [{ file: expect.stringContaining("scribe.skills/boil/SKILL.md") }, { line: 1 }],
    });
    expect(err()).toBe("");
    listSkills([], io, deps.etc);
    expect(err()).toContain("skills/bad/SKILL.md:1:1: there is no front matter");
  });

  test("show one in full, and one of its files", async () => {
    const { io, out, deps, put } = setting();
    put("etc/skills/boil/SKILL.md", skill("boil"));
    put("etc/skills/boil/references/x.md", "details\n");
    showSkill(["boil"], io, deps.etc);
    expect(out()).toContain("- `boil`: about it");
    expect(out()).toContain("references/x.md (8 bytes)");
    expect(out()).toContain("# How to boil");
    showSkill(["boil", "--file=references/x.md"], io, deps.etc);
    expect(out()).toContain("details\n");
    const missing = await failure(async () => showSkill(["fry"], io, deps.etc));
    expect(missing.code).toBe(exit.badInput);
    expect(missing.remedy).toContain("boil");
  });
});
