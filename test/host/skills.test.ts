import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { assembleAll } from "../../src/host/assembled.ts";
import { compileAgent, type Places } from "../../src/host/plan/compiled.ts";
import { libraryOf } from "../../src/host/skills.ts";
import { readTree } from "../../src/host/tree.ts";
import { filePolicy, sandboxPolicy, shellPolicy } from "../../src/runner/policy.ts";
import { agentPaths } from "../../src/spool/layout.ts";

const places: Places = {
  ...{ root: "/srv/con", gatewaySocket: "/g", ledger: "/l", audit: "/a" },
  agentFiles: (name) => `/c/${name}`,
};

function setting(files: Record<string, string>) {
  const directory = mkdtempSync(join(tmpdir(), "con-skills-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const manifest = "name: x\ntier: worker\ndescription: d\ncan: {tools: [shell]}\n";
  const { config } = parseConfig({
    system: { path: "con.yaml", text: "system: {front_desk: x}\nmodels: {fast: [builtin/reflex]}" },
    agents: [{ path: "agents.d/x.yaml", text: manifest }],
  });
  const [agent] = config?.agents ?? [];
  if (config === null || agent === undefined) throw new Error("no agent");
  const compile = () => {
    const { tree, refused, findings } = readTree(directory);
    const all = assembleAll(config, libraryOf({ tree, refused }), { tree, directory });
    const skills = all.agents.get("x")?.skills ?? [];
    const facts = { uid: 1, wake: "path", taskerUids: [], instructions: "", skills } as const;
    return { ...all, read: findings, runtime: compileAgent(config, agent, facts, places, []) };
  };
  return { directory, compile };
}

const boil = "---\nname: boil\ndescription: water\nmetadata: {category: kitchen}\n---\n# How\n";

test("who has a skill has the tool for it, and reads it where file tools and commands do", () => {
  const { compile } = setting({
    "skills/boil/SKILL.md": boil,
    "skills/boil/scripts/a.sh": "x",
    "agents.d/x.skills/own/SKILL.md": boil.replace("boil", "own"),
    "agents.d/x.skills/own/assets/form.yaml": "a: 1",
  });
  const { runtime } = compile();
  expect(runtime.can.tools).toEqual(["shell", "use_skill"]);
  expect(runtime.skills).toEqual([
    {
      ...{ name: "boil", description: "water", category: "kitchen", files: ["scripts/a.sh"] },
      path: "/c/x/skills/boil/SKILL.md",
    },
    {
      ...{ name: "own", description: "water", category: "kitchen", files: ["assets/form.yaml"] },
      path: "/c/x/skills/own/SKILL.md",
    },
  ]);
  const paths = agentPaths("/srv/con", "x");
  expect(filePolicy(runtime, paths).readable).toContain("/c/x/skills");
  expect(filePolicy(runtime, paths).writable).not.toContain("/c/x/skills");
  const sandbox = sandboxPolicy(runtime, paths, shellPolicy(runtime, "bwrap"));
  expect(sandbox.readOnly).toEqual(["/c/x/skills"]);
  expect(sandbox.readWrite).toEqual([]);
});

test("who has none has neither", () => {
  const { runtime } = setting({ "AGENTS.md": "x" }).compile();
  expect(runtime.can.tools).toEqual(["shell"]);
  const paths = agentPaths("/srv/con", "x");
  expect(sandboxPolicy(runtime, paths, shellPolicy(runtime, "bwrap")).readOnly).toEqual([]);
});

test("a link in a skill, or in its place, refuses the skill; elsewhere it is told and left out", () => {
  const { directory, compile } = setting({ "skills/boil/SKILL.md": boil, "AGENTS.md": "x" });
  symlinkSync("/etc/shadow", join(directory, "skills/boil/secret"));
  symlinkSync("/etc", join(directory, "skills/linked"));
  mkdirSync(join(directory, "tiers"));
  symlinkSync("/etc/shadow", join(directory, "tiers/worker.md"));
  const { runtime, problems, read } = compile();
  expect(runtime.skills).toEqual([]);
  expect(problems.map(({ file }) => file)).toEqual([
    join(directory, "skills/boil/secret"),
    join(directory, "skills/linked"),
  ]);
  expect(read.map(({ what }) => what)).toEqual([join(directory, "tiers/worker.md")]);
});
