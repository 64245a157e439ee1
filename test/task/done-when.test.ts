import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeTask,
  encodeTask,
  maxTaskBytes,
  needsYaml,
  requestOf,
} from "../../src/task/codec.ts";
import type { CompletionCheck, DoneWhen } from "../../src/task/done-when/types.ts";
import { writeDoneWhen } from "../../src/task/done-when.ts";
import { loadYaml } from "../../src/task/yaml.ts";
import { aSchema } from "./support/schema.ts";

const parseYaml = await loadYaml();
const decode = (front: string) =>
  decodeTask(Buffer.from(`---\n${front}\n---\nDo it.\n`), { maxBytes: maxTaskBytes, parseYaml });

function demanded(front: string): DoneWhen | null {
  const decoded = decode(front);
  if (!decoded.ok) throw new Error(decoded.why);
  return decoded.request.doneWhen;
}

function refused(front: string): string {
  const decoded = decode(front);
  if (decoded.ok) throw new Error("it was accepted");
  return decoded.why;
}

const example = `done_when:
  - path_exists: report.md
  - regex_in_file: {path: report.md, pattern: "^# Summary"}
  - json_key: {path: out.json, key: result.ok, equals: true}
  - command: {run: "make test", test: "[ $RESULT = ok ]"}    # as the agent's own shell tool
    name: tests
    timeout: 5m`;

describe("checks in front matter", () => {
  it("are read as written, with true told from text", () => {
    expect(demanded(example)).toEqual({
      rounds: 3,
      checks: [
        {
          name: "#1 path_exists report.md",
          timeoutSeconds: 60,
          probe: { kind: "path_exists", path: "report.md" },
        },
        {
          name: "#2 regex_in_file report.md",
          timeoutSeconds: 60,
          probe: { kind: "regex_in_file", path: "report.md", pattern: "^# Summary" },
        },
        {
          name: "#3 json_key out.json",
          timeoutSeconds: 60,
          probe: { kind: "json_key", path: "out.json", key: "result.ok", wanted: { equals: true } },
        },
        {
          name: "tests",
          timeoutSeconds: 300,
          probe: {
            kind: "command",
            run: "make test",
            test: "[ $RESULT = ok ]",
            exitCode: null,
            outputMatches: null,
          },
        },
      ],
    });
    const text = 'done_when: [{json_key: {path: a, key: b, equals: "true"}}]';
    expect(demanded(text)?.checks[0]?.probe).toMatchObject({ wanted: { equals: "true" } });
  });

  it("may stand in a contract with rounds, and leave other keys as they are", () => {
    const front = "contract: {checks: [{path_exists: a, name: x}], rounds: 5}\nmood: 7\nhops: 2";
    expect(demanded(front)).toMatchObject({ rounds: 5, checks: [{ name: "x" }] });
    expect(decode(front)).toMatchObject({ request: { extra: { mood: "7" }, hops: 2 } });
    expect(demanded("thread: a b")).toBeNull();
    expect(demanded("contract: {checks: [{path_exists: a}]}")?.rounds).toBe(3);
  });

  it("need no YAML parser as con writes them, and only then", () => {
    const doneWhen = demanded(example);
    const bytes = encodeTask(requestOf("x", { doneWhen }), { endMarker: true });
    expect(needsYaml(bytes)).toBe(false);
    expect(needsYaml(Buffer.from('---\ndone_when: [{"path_exists":"a"}]\n---\nx'))).toBe(false);
    const twice = '[{"path_exists":{"path":"a","path":"b"}}]';
    expect(needsYaml(Buffer.from(`---\ndone_when: ${twice}\n---\nx`))).toBe(true);
    expect(refused(`done_when: ${twice}`)).toContain("unique");
  });
});

describe("a demand", () => {
  it("may have 20 checks, and names of 80 characters", () => {
    const names = Array.from({ length: 20 }, (_, n) => `${n}`.padEnd(80, "x"));
    const list = names.map((name) => `{path_exists: a, name: ${name}}`).join(", ");
    expect(demanded(`done_when: [${list}]`)?.checks.map(({ name }) => name)).toEqual(names);
  });

  it("without a name has one that people can read in a line, between characters", () => {
    const front = `done_when: [{path_exists: ${"é".repeat(62)}🚀}]`;
    expect(demanded(front)?.checks[0]?.name).toBe(`#1 path_exists ${"é".repeat(62)}🚀`);
    const [long] = demanded(front.replace("é", "ééé"))?.checks ?? [];
    expect(long?.name).toBe(`#1 path_exists ${"é".repeat(64)}\ufffd`);
  });

  it("is written without what goes without saying", () => {
    const written = (front: string) => writeDoneWhen(demanded(front) ?? { checks: [], rounds: 0 });
    expect(written("done_when: [{path_exists: a, name: x, timeout: 1m}]")).toEqual([
      "done_when",
      [{ name: "x", path_exists: { path: "a" } }],
    ]);
    expect(
      written("contract: {checks: [{path_exists: a, name: x, timeout: 61s}], rounds: 1}"),
    ).toEqual([
      "contract",
      { checks: [{ name: "x", path_exists: { path: "a" }, timeout: "61s" }], rounds: 1 },
    ]);
  });
});

const line = fc.stringMatching(/^[a-zé/][ -~é]{0,20}$/);
const script = fc
  .string({ unit: "binary", maxLength: 30 })
  .filter((s) => s.trim() !== "" && !s.includes("\0"));
const pattern = fc.constantFrom("^# S", "a|b", "\\d+\u2028", '"x"');
const wanted = fc.oneof(
  fc.record({ equals: fc.constantFrom(true, false, null, 0, 1.5, "true", "") }),
  fc.record({ matches: pattern }),
  fc.record({ exists: fc.boolean() }),
);
const probe: fc.Arbitrary<CompletionCheck["probe"]> = fc.oneof(
  fc.record({ kind: fc.constantFrom("path_exists", "path_not_exists"), path: line }),
  fc.record({ kind: fc.constantFrom("regex_in_file", "no_regex_in_file"), path: line, pattern }),
  fc.record({ kind: fc.constantFrom("json_key", "yaml_key"), path: line, key: line, wanted }),
  fc.record({ kind: fc.constant("answer_matches"), pattern }),
  fc.record({ kind: fc.constant("answer_json"), schema: aSchema }),
  fc.record({
    kind: fc.constant("command"),
    run: script,
    test: fc.option(script, { nil: null }),
    exitCode: fc.option(fc.nat(255), { nil: null }),
    outputMatches: fc.option(pattern, { nil: null }),
  }),
);
const check = fc.record({ name: line, timeoutSeconds: fc.integer({ min: 1, max: 3600 }), probe });
const doneWhen: fc.Arbitrary<DoneWhen> = fc.record({
  checks: fc
    .uniqueArray(check, { minLength: 1, maxLength: 5, selector: ({ name }) => name })
    .filter((list) => list.filter(({ probe }) => probe.kind === "answer_json").length < 2),
  rounds: fc.integer({ min: 1, max: 5 }),
});

describe("both readers", () => {
  it("give back every demand that con wrote", () => {
    fc.assert(
      fc.property(doneWhen, (sent) => {
        const bytes = encodeTask(requestOf("x", { doneWhen: sent }), { endMarker: true });
        const ours = decodeTask(bytes, { maxBytes: maxTaskBytes, parseYaml: null });
        expect(ours).toMatchObject({ ok: true, request: { doneWhen: sent } });
        // One comment, and it is not con's own form any more.
        const [open = "", ...rest] = Buffer.from(bytes).toString().split("\n");
        const commented = Buffer.from([open, "# hello", ...rest].join("\n"));
        expect(needsYaml(commented)).toBe(true);
        const yaml = decodeTask(commented, { maxBytes: maxTaskBytes, parseYaml });
        expect(yaml).toMatchObject({ ok: true, request: { doneWhen: sent } });
      }),
    );
  });

  it("never throw, whatever stands there", () => {
    const wild = fc.anything({ maxDepth: 4, withNullPrototype: false });
    fc.assert(
      fc.property(wild, fc.constantFrom("done_when", "contract"), (value, key) => {
        const json = JSON.stringify(value) ?? "null";
        expect(typeof decode(`${key}: ${json}`).ok).toBe("boolean");
      }),
    );
    expect(refused(`done_when: ${"[".repeat(30_000)}${"]".repeat(30_000)}`)).not.toBe("");
  });
});

describe("malformed demands", () => {
  const many = Array.from({ length: 21 }, () => "{path_exists: a}").join(", ");
  it.each([
    ["done_when: report.md", "front matter: done_when must be a list of 1 to 20 checks"],
    ["contract: {rounds: 1}", "contract.checks must be a list of 1 to 20 checks"],
    ["done_when: []", "a list of 1 to 20 checks"],
    ["done_when:", "a list of 1 to 20 checks"],
    [`done_when: [${many}]`, "a list of 1 to 20 checks"],
    ["contract: ACME-2024", "contract must be a map"],
    [
      "contract: {checks: [{path_exists: a}], rounds: 6}",
      "contract.rounds must be a whole number from 1 to 5",
    ],
    ["contract: {checks: [{path_exists: a}], rounds: 0}", "from 1 to 5"],
    ['contract: {checks: [{path_exists: a}], rounds: "2"}', "a whole number"],
    ["contract: {checks: [{path_exists: a}], every: 5m}", 'unknown key "every"'],
    ["contract: {checks: [{path_exists: a}]}\ndone_when: [{path_exists: a}]", "alone"],
    ["done_when: [path_exists]", "done_when[0] must be a map with name, timeout, path_exists"],
    ["done_when: [{path_exists: a}, {path_exists: 7}]", "done_when[1].path_exists must be"],
    ["contract: {checks: [7]}", "contract.checks[0] must be"],
    [
      "done_when: [{answer_json: {schema: {}}}, {answer_json: {schema: {}}}]",
      "done_when has two checks answer_json; an answer has one form",
    ],
    ["done_when: [{path_exist: a}]", 'unknown key "path_exist"'],
    ["done_when: [{__proto__: a}]", 'unknown key "__proto__"'],
    ["done_when: [{name: a}]", "done_when[0] needs exactly one of path_exists, path_not_exists, "],
    ["done_when: [{path_exists: a, path_not_exists: b}]", "exactly one of"],
    ["done_when: [{path_exists: a, name: x}, {path_exists: b, name: x}]", "two checks"],
    ['done_when: [{path_exists: a, name: "x\\ny"}]', "name must be one line"],
    ["done_when: [{path_exists: 7}]", "must be a map"],
    ['done_when: [{path_exists: {path: "a\\0"}}]', "one line"],
    ["done_when: [{path_exists: a, timeout: soon}]", "done_when[0].timeout must be a time from 1s"],
    ["done_when: [{path_exists: a, timeout: 2h}]", "a time from 1s"],
    ["done_when: [{regex_in_file: {path: a, pattern: '('}}]", "no regular expression"],
    ["done_when: [{regex_in_file: {path: a}}]", "a regular expression of"],
    ["done_when: [{json_key: {path: a, key: b}}]", "needs one of"],
    ["done_when: [{json_key: {path: a, key: b, equals: 1, exists: true}}]", "needs one of"],
    ["done_when: [{json_key: {path: a, key: b, equals: [1]}}]", "a text, number"],
    ["done_when: [{json_key: {path: a, key: b, equals: .inf}}]", "a text, number"],
    ["done_when: [{command: make}]", "must be a map"],
    ["done_when: [{command: {run: x, exit_code: 256}}]", "from 0 to 255"],
    ["done_when: [{command: {run: x, shell: zsh}}]", 'unknown key "shell"'],
    [`done_when: [{command: {run: ${"x".repeat(4097)}}}]`, "at most 4096 bytes"],
  ])("%s", (front, why) => {
    expect(refused(front)).toContain(why);
  });
});
