/** The documentation against the program: nothing missing, nothing that is not there, no default that is another. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import agentSchema from "../../src/config/schema/agent.schema.json" with { type: "json" };
import systemSchema from "../../src/config/schema/con.schema.json" with { type: "json" };
import roleSchema from "../../src/config/schema/role.schema.json" with { type: "json" };
import { createValidators, validatorOf } from "../../src/config/validate.ts";
import contractSchema from "../../src/contract/schema/contract.schema.json" with { type: "json" };
import { documents, readPage, repository, writtenByHand } from "../commands/readme.ts";
import { commandNames, headings, readVerbs, type Verb } from "./commands.ts";
import { pages } from "./document.ts";
import { keysOf } from "./keys.ts";

/** Also one that is set in, within a list. */
const fence = /^ *```([^\n]*)\n([\s\S]*?)^ *```/gm;

const all = documents();
const byHand = writtenByHand();

let verbs: readonly Verb[] = [];
beforeAll(async () => {
  verbs = await readVerbs();
});

test.each(Object.entries(pages))(
  "%s is up to date: node test/docs/document.ts",
  async (path, page) => {
    expect(readPage(path)).toBe(await page());
  },
);

test("con help names every command", async () => {
  const named = (await headings()).flatMap(({ names }) => names);
  expect([...named, "help"].sort()).toEqual(commandNames().sort());
});

describe("a page written by hand has a word about", () => {
  const text = byHand.map(readPage).join("\n");

  test("every command", () => {
    const silent = verbs.filter(({ name }) => !text.includes(name)).map(({ name }) => name);
    expect(silent).toEqual([]);
  });

  test.each([
    ["con.yaml", systemSchema],
    ["manifests", agentSchema],
    ["roles", roleSchema],
  ])("every key of %s", (_, schema) => {
    const missing = keysOf(schema).filter(({ path }) => {
      const last = path.slice(path.lastIndexOf(".") + 1).replace("[]", "");
      return !new RegExp(`\\b${last}\\b`).test(text);
    });
    expect(missing.map(({ path }) => path)).toEqual([]);
  });
});

test("docs/README.md names every page", () => {
  const index = readPage("docs/README.md");
  const others = all.filter((path) => path.startsWith("docs/") && path !== "docs/README.md");
  const left = others.filter((path) => !index.includes(`(${path.slice("docs/".length)})`));
  expect(left).toEqual([]);
});

test.each(all)("%s: every link leads to a file and a heading", (path) => {
  const broken = [...withoutCode(readPage(path)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((hit) => hit[1] ?? "")
    .filter((link) => !/^[a-z]+:/.test(link) && !isThere(path, link));
  expect(broken).toEqual([]);
});

const withoutCode = (text: string): string => text.replace(fence, "").replace(/`[^`\n]*`/g, "");

function isThere(from: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? from : join(dirname(from), path);
  if (!existsSync(join(repository, target))) return false;
  if (anchor === undefined) return true;
  const titles = [...readPage(target).matchAll(/^#+ (.*)$/gm)].map((hit) => hit[1] ?? "");
  return titles.map(anchorOf).includes(anchor);
}

const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .replaceAll(" ", "-");

test.each(byHand)("%s: commands and options are those of the program", (path) => {
  expect(commandLines(readPage(path)).flatMap(faultsOf)).toEqual([]);
});

/** What stands behind `con` at the beginning of a line, of `code` or of a part of a pipe. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(fence)];
  const lines = blocks
    .filter((hit) => !/^(yaml|json)/.test(hit[1] ?? ""))
    .flatMap((hit) => (hit[2] ?? "").replace(/\\\n\s*/g, " ").split("\n"));
  const inline = [...text.replace(fence, "").matchAll(/`([^`]+)`/g)];
  return [...lines, ...inline.map((hit) => hit[1] ?? "")].flatMap((line) =>
    line
      .split(/ [|;] | && |CMD="/)
      .filter((part) => /^\s*con [a-z]/.test(part))
      .map((part) => part.trim().replace(/(^|\s)#.*$|"$/, "")),
  );
}

/** Options, behind the words that are quoted and up to a lone `--`. */
function faultsOf(line: string): string[] {
  const [, name = "", second = ""] = line.split(/\s+/);
  if (name === "help") return [];
  const group = verbs.filter((verb) => verb.name.startsWith(`con ${name} `));
  const found =
    verbs.find((verb) => verb.name === `con ${name} ${second}`) ??
    (group.length === 0 || /^([A-Z]|-|$)/.test(second)
      ? verbs.find((verb) => verb.name === `con ${name}`)
      : undefined);
  if (found === undefined) return [`${line}: no such command`];
  const options = line
    .split(" -- ")[0]
    ?.replace(/"[^"]*"|'[^']*'/g, "")
    .matchAll(/ (--?[a-z][\w-]*)/g);
  const known = new Set(found.help.match(/(?<![\w-])--?[a-z][\w-]*/g));
  return [...(options ?? [])]
    .map((hit) => hit[1] ?? "")
    .filter((option) => !known.has(option))
    .map((option) => `${line}: ${found.name} has no ${option}`);
}

/** Parts of files: what a whole one must have may be missing, what stands there must be right. */
test.each(byHand)("%s: examples in YAML are what some file may say", (path) => {
  const { system, agent, role } = createValidators();
  const contract = validatorOf(contractSchema);
  const wrong = [...readPage(path).matchAll(fence)]
    .filter((hit) => hit[1]?.startsWith("yaml"))
    .flatMap((hit) => {
      const value: unknown = parse((hit[2] ?? "").replaceAll("…", "x"));
      const issues = [system, agent, role, contract].map((validate) =>
        validate(value).filter((issue) => issue.path.length > 0 || issue.of === "key"),
      );
      const fits = issues.some((of) => of.length === 0);
      return fits ? [] : issues.map((of) => of.map(({ path, why }) => `${path.join(".")}: ${why}`));
    });
  expect(wrong).toEqual([]);
});
