/** What the image ships beside code: lists of packages, and skills. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checkSkill } from "../../src/skill/parse.ts";

const packagesOf = (list: string): string[] =>
  readFileSync(`image/packages/${list}.list`, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");

it("lists each package once, in the smallest profile that has it", () => {
  const lists = readdirSync("image/packages").map((name) => name.replace(/\.list$/, ""));
  const profiles = /all_profiles=\((.*)\)/.exec(readFileSync("image/lib/profile.sh", "utf8"))?.[1];
  expect(lists.sort()).toEqual(profiles?.split(" ").sort());
  const all = lists.flatMap(packagesOf);
  expect(all.length).toBeGreaterThan(20);
  expect(all.filter((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name))).toEqual([]);
  expect([...new Set(all)]).toEqual(all);
});

const ofRoles = readdirSync("configs/default/roles").map(
  (role) => `configs/default/roles/${role}/skills`,
);
const skills = ["configs/skills", ...ofRoles.filter((path) => existsSync(path))].flatMap((folder) =>
  readdirSync(folder).map((name) => ({ name, path: `${folder}/${name}` })),
);

it.each(skills)("ships the skill $name in the form of AgentSkills", ({ name, path }) => {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .map((file) => [file.slice(path.length + 1), readFileSync(file)] as const);
  const { head, problems, warnings } = checkSkill(name, new Map(files));
  expect([...problems, ...warnings]).toEqual([]);
  expect(head?.description.length).toBeGreaterThan(20);
});
