/**
 * Everything that is planned for a village, as a text that a person can review: who owns what, who else gets in, which
 * unit gets which directive, which packet leaves. A change of the plan shows as a change of village.txt, which
 * `vitest run test/host/plan -u` writes anew: read it before it is committed.
 */
import { expect, test } from "vitest";
import type { NamedEntry } from "../../../src/host/acl-entries.ts";
import type { Fact } from "../../../src/host/facts.ts";
import { planPeople, sysusersText } from "../../../src/host/plan/people.ts";
import { plan } from "../../../src/host/plan.ts";
import { village } from "./village.ts";

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

const entries = (named: readonly NamedEntry[]): string =>
  named.map(({ tag, id, perms }) => ` ${tag}:${id}:${perms}`).join("");

const indented = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`.trimEnd())
    .join("\n");

function contentOf(path: string, content: string | Uint8Array): string {
  const text = typeof content === "string" ? content : Buffer.from(content).toString();
  return indented(path.endsWith(".json") ? JSON.stringify(JSON.parse(text), null, 1) : text);
}

function shown(fact: Fact): string {
  switch (fact.kind) {
    case "directory": {
      const { path, uid, gid, mode, named, inherit, deep } = fact;
      const inside =
        inherit === null ? "" : `\n    inherit ${octal(inherit.mode)}${entries(inherit.named)}`;
      return `directory ${path} ${uid}:${gid} ${octal(mode)}${entries(named)}${deep ? " deep" : ""}${inside}`;
    }
    case "file":
      return `file ${fact.path} ${fact.uid}:${fact.gid} ${octal(fact.mode)}\n${contentOf(fact.path, fact.content)}`;
    case "fifo":
      return `fifo ${fact.path} ${octal(fact.mode)}${entries(fact.named)}`;
    case "rules":
      return `rules\n${indented(fact.text)}`;
    default:
      return JSON.stringify(fact);
  }
}

test("the plan of the village is what was reviewed", async () => {
  const { facts, findings } = plan(village());
  const said = findings.map(({ what, why, remedy }) => `finding ${what}: ${why}: ${remedy}`);
  await expect([...facts.map(shown), ...said, ""].join("\n")).toMatchFileSnapshot("village.txt");
});

test("the users of the village are what was reviewed", async () => {
  const { config, registry } = village();
  const people = planPeople(["desk", "clerk"], registry, config.system);
  await expect(
    `${sysusersText(people)}${people.map((one) => `${JSON.stringify(one)}\n`).join("")}`,
  ).toMatchFileSnapshot("village-users.txt");
});

test("an agent without a uid gets no plan", () => {
  expect(() => plan(village({ registry: {} }))).toThrow("has no uid");
});
