import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parsePeople } from "../../src/host/ids.ts";
import { refusal, requesterOf } from "../../src/steward/policy.ts";
import schema from "../../src/steward/request.schema.json" with { type: "json" };
import { createParser } from "../../src/steward/request.ts";
import type { StewardVerb } from "../../src/steward/types.ts";
import { verbOf } from "../../src/steward/verbs/table.ts";
import { about, halt, resumeAll } from "./support.ts";

const parser = createParser();
const parse = (value: unknown) => parser(Buffer.from(JSON.stringify(value)));
const reapply = { version: 1, verb: "reapply", facts: ["rules"], why: "", incident: null };

const verbs: StewardVerb[] = [
  ...(["pause", "resume", "kill_session", "quarantine"] as const),
  ...(["halt", "resume_all", "reapply"] as const),
  ...(["commission", "amend", "retire", "grant", "revoke"] as const),
  ...(["install", "install_layer", "remove_layer", "spawn"] as const),
  ...(["ask_approval", "propose", "share_tool", "review", "unshare_tool"] as const),
  ...(["rollback_tool", "rollback", "approve", "deny"] as const),
];

test("the schema is valid JSON Schema 2020-12 and knows every verb that there is", () => {
  expect(new Ajv2020({ strict: false }).validateSchema(schema)).toBe(true);
  const named = schema.oneOf.flatMap(({ properties: { verb } }) =>
    "enum" in verb ? verb.enum : [verb.const],
  );
  expect(named).toEqual(verbs);
  for (const verb of verbs) expect(verbOf(verb).act).toBeTypeOf("function");
});

test.each([about("pause", "desk"), halt("workers"), resumeAll, reapply])("takes %j", (request) => {
  expect(parse(request)).toEqual({ ok: true, request });
});

test.each([
  [{ ...about("pause", "desk"), extra: 1 }, `the request: there is no key "extra" here`],
  [{ ...halt("agents"), agent: "desk" }, `the request: there is no key "agent" here`],
  [{ ...about("pause", "desk"), verb: "promote" }, "verb: there is no such verb"],
  [{ ...about("pause", "desk"), verb: "grant" }, "the request: can is missing"],
  [
    { ...resumeAll, verb: "grant", agent: "desk", can: { root: ["x"] } },
    'can: there is no key "root"',
  ],
  [
    { ...resumeAll, verb: "grant", agent: "desk", can: { task: ["a\nb"] } },
    "can/task/0: must be one line",
  ],
  [{ ...resumeAll, verb: "retire", agent: "../x" }, "agent: must be an agent's name"],
  [{ ...resumeAll, verb: "commission", manifest: ["x"] }, "manifest: must be a text"],
  [
    { ...resumeAll, verb: "commission", manifest: "x".repeat(65_537) },
    "manifest: must be a text of at most",
  ],
  [
    { ...resumeAll, verb: "commission", manifest: "x", skills: [] },
    'there is no key "skills" here',
  ],
  [
    { ...resumeAll, verb: "install", packages: ["jq;id"] },
    "packages/0: must be the name of a package",
  ],
  [
    { ...resumeAll, verb: "install", packages: ["--allow"] },
    "packages/0: must be the name of a package",
  ],
  [{ ...resumeAll, verb: "install", packages: [] }, "packages: must be a list of 1 to 32"],
  [{ ...about("pause", "desk"), verb: "constructor" }, "verb: there is no such verb"],
  [{ ...about("pause", "desk"), verb: undefined }, "the request: verb is missing"],
  [{ ...about("pause", "desk"), verb: ["pause"] }, "verb: there is no such verb"],
  [about("pause", "x;id"), "agent: must be an agent's name: a letter, then letters, digits and -"],
  [about("pause", "../x"), "agent: must be an agent's name: a letter, then letters, digits and -"],
  [
    about("pause", "_workers"),
    "agent: must be an agent's name: a letter, then letters, digits and -",
  ],
  [{ ...halt("agents"), scope: "all" }, "scope: must be workers or agents"],
  [{ ...reapply, facts: ["rules", "shell"] }, "facts/1: must be users, directories"],
  [{ ...resumeAll, why: "a\nb" }, "why: must be one line of at most 500 characters"],
  [{ ...resumeAll, why: "x".repeat(501) }, "why: must be one line of at most 500 characters"],
  [{ ...resumeAll, version: 2 }, "version: must be 1"],
  [{ ...resumeAll, incident: "../../x" }, "incident: must be the id of an incident, or null"],
  [[resumeAll], "the request: must be"],
  [null, "the request: must be"],
  ["pause", "the request: must be"],
])("refuses %j", (request, why) => {
  const parsed = parse(request);
  expect(parsed.ok).toBe(false);
  expect(parsed.ok ? "" : parsed.why).toContain(why);
});

test.each([
  Buffer.from(""),
  Buffer.from("{"),
  Buffer.from([0x22, 0xff, 0x22]),
  Buffer.from("[".repeat(60_000)),
  Buffer.from('{"__proto__":{"verb":"pause"}}'),
])("refuses bytes that are no request, without an exception", (bytes) => {
  expect(parser(bytes).ok).toBe(false);
});

const people = parsePeople(
  [
    "root:x:0:0::/:/bin/sh",
    "ann:x:1000:1000::/:/bin/sh",
    "bob:x:1001:1001::/:/bin/sh",
    "a-desk:x:20000:20000::/:/bin/false",
    "a-new:x:20001:20001::/:/bin/false",
    "cid:x:20002:20002::/:/bin/sh",
  ].join("\n"),
  "trusted:x:19991:ann,a-desk,a-new,cid\nagents:x:19990:a-new\n",
);
const registry = { desk: 20_000, retired: 20_777 };

test.each([
  [0, "root"],
  [1000, "trusted"],
  [1001, "other"],
  // Somebody put agents' users into group trusted.
  [20_000, "agent"],
  [20_001, "agent"],
  // useradd(8) takes the next number after the highest, so this is a person.
  [20_002, "trusted"],
  [20_777, "agent"],
  // Of temporary agents: known or not, and whatever group it is in.
  [60_600, "agent"],
  [61_099, "agent"],
  [4242, "other"],
])("uid %i is %s", (uid, kind) => {
  expect(requesterOf(uid, people, registry).kind).toBe(kind);
});

test("root and group trusted may all, agents and others nothing", () => {
  // Only agents have tasks that temporary agents could be for.
  expect(refusal(requesterOf(0, people, registry), "spawn")).toContain("only agents do");
  const ofAgents = ["ask_approval", "spawn", "propose", "share_tool", "review"];
  for (const verb of verbs.filter((one) => !ofAgents.includes(one))) {
    expect(refusal(requesterOf(0, people, registry), verb)).toBeNull();
    expect(refusal(requesterOf(1000, people, registry), verb)).toBeNull();
    expect(refusal(requesterOf(1001, people, registry), verb)).toContain("usermod -aG trusted bob");
    expect(refusal(requesterOf(20_000, people, registry), verb)).toContain(
      "a-desk may not ask for",
    );
  }
});

test("an agent may what its manifest names, and never decide for people", () => {
  const desk = requesterOf(20_000, people, registry);
  const all = [...verbs];
  expect(verbs.filter((verb) => refusal(desk, verb, all) !== null)).toEqual([
    "remove_layer",
    "unshare_tool",
    "rollback_tool",
    "rollback",
    "approve",
    "deny",
  ]);
  expect(verbs.filter((verb) => refusal(desk, verb, ["pause"]) === null)).toEqual([
    "pause",
    "ask_approval",
  ]);
});
