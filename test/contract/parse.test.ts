import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builtinNames } from "../../src/contract/format/builtins.ts";
import { durationSeconds } from "../../src/contract/format/duration.ts";
import { together } from "../../src/contract/format/together.ts";
import { contractValidator, parseContract } from "../../src/contract/parse.ts";
import type { Check, Contract } from "../../src/contract/types.ts";

const validate = contractValidator();
const parse = (text: string) => parseContract({ path: "/c/x.yaml", text }, validate);

function good(text: string): Contract {
  const { contract, problems } = parse(text);
  expect(problems).toEqual([]);
  if (contract === null) throw new Error("no contract");
  return contract;
}

/** `line:column key: why: remedy` of each problem. */
const faults = (text: string): string[] =>
  parse(text).problems.map(
    ({ line, column, key, why, remedy }) => `${line}:${column} ${key}: ${why}: ${remedy}`,
  );

const head = "id: X\ndescription: d\n";
const withCheck = (check: string): string => `${head}checks:\n  - ${check}\n`;

function checkOf(check: string): Check {
  const [first] = good(withCheck(check)).checks;
  if (first === undefined) throw new Error("no check");
  return first;
}

const schemaText = readFileSync("src/contract/schema/contract.schema.json", "utf8");

describe("the schema", () => {
  test("is a valid JSON Schema", () => {
    expect(new Ajv2020().validateSchema(JSON.parse(schemaText))).toBe(true);
  });

  test("lists exactly the built-in checks that have a meaning", () => {
    const { $defs } = JSON.parse(schemaText) as {
      $defs: { check: { properties: Record<string, unknown> } };
    };
    const others = ["name", "command", "script", "timeout", "user", "on_fail", "severity"];
    const words = ["skip_if", "category", "what", "verify", "affects"];
    const keys = Object.keys($defs.check.properties);
    expect(keys.filter((key) => ![...others, ...words].includes(key)).sort()).toEqual(
      [...builtinNames].sort(),
    );
  });
});

test("the contract of the public interface means what it says", () => {
  const contract = good(`id: CON-SYS-001
description: Free space where the agents live
type: detective            # or preventive: mechanism + enforcement, listed and verified present
scope: system              # or agent:NAME
every: 60s
severity: critical
checks:
  - name: disk_free_percentage
    command: {run: "df --output=pcent /srv/con | tail -1 | tr -dc 0-9", test: "[ $RESULT -le 85 ]"}
    # or script: {path: scripts/x.sh, timeout: 10s} or a built-in: {disk_free: {path: /srv/con, min_pct: 15}}
    on_fail: {action: halt_agents, escalate: sysadmin, message: "Disk low"}
`);
  expect(contract).toEqual({
    id: "CON-SYS-001",
    description: "Free space where the agents live",
    type: "detective",
    mechanism: null,
    enforcement: null,
    agent: null,
    everySeconds: 60,
    manual: false,
    severity: "critical",
    tags: [],
    dependsOn: [],
    skipIf: [],
    file: "/c/x.yaml",
    checks: [
      {
        name: "disk_free_percentage",
        probe: {
          kind: "command",
          run: "df --output=pcent /srv/con | tail -1 | tr -dc 0-9",
          test: "[ $RESULT -le 85 ]",
          exitCode: null,
          outputMatches: null,
          user: "con-check",
        },
        timeoutSeconds: 30,
        onFail: { action: "halt_agents", escalate: "sysadmin", message: "Disk low", after: 1 },
      },
    ],
  });
});

test.each([
  ["path_exists: /x", { path: "/x" }],
  ["path_exists: {path: /x, type: directory}", { path: "/x", type: "directory" }],
  ["path_not_exists: /x", { path: "/x" }],
  ["regex_in_file: {path: /x, pattern: ^a}", { path: "/x", pattern: "^a" }],
  ["no_regex_in_file: {path: /x, pattern: (?i)a}", { path: "/x", pattern: "(?i:a)" }],
  ["yaml_key: {path: /x, key: a.b, equals: 3}", { path: "/x", key: "a.b", equals: 3 }],
  ["json_key: {path: /x, key: a, matches: b}", { path: "/x", key: "a", matches: "b" }],
  ["toml_key: {path: /x, key: a, exists: false}", { path: "/x", key: "a", exists: false }],
  ["env_var: {name: A, equals: b}", { name: "A", equals: "b" }],
  ["env_var: A", { name: "A" }],
  ["no_env_var: A", { name: "A" }],
  ["command_available: nft", { name: "nft" }],
  ["disk_free: {path: /, min_pct: 15}", { path: "/", min_pct: 15 }],
  [
    "disk_free: {path: /, min_pct: health.disk_min_free_pct}",
    { path: "/", min_pct: "health.disk_min_free_pct" },
  ],
  ["memory_free: {min_pct: health.mem_min_free_pct}", { min_pct: "health.mem_min_free_pct" }],
  ["load: {max_factor: health.max_load_factor}", { max_factor: "health.max_load_factor" }],
  ["unit_active: a.service", { unit: "a.service" }],
  ["unit_active: {unit: [a.path, b@c.timer]}", { unit: ["a.path", "b@c.timer"] }],
  ['unit_not_failed: {unit: [a.service, "b@*.service"]}', { unit: ["a.service", "b@*.service"] }],
  [
    'path_mode: {path: /x, mode: "0750", owner: root, group: agents}',
    { path: "/x", mode: "0750", owner: "root", group: "agents" },
  ],
  [
    'acl: {path: /x, has: ["user:a-b:rwx"], lacks: ["group:agents"]}',
    { path: "/x", has: ["user:a-b:rwx"], lacks: ["group:agents"] },
  ],
  [`file_hash: {path: /x, sha256: ${"0a".repeat(32)}}`, { path: "/x", sha256: "0a".repeat(32) }],
  ["user_exists: {name: con-check, uid: 0}", { name: "con-check", uid: 0 }],
  ["port_listening: {port: 22, protocol: tcp}", { port: 22, protocol: "tcp" }],
  ["port_listening: {socket: /run/x.sock}", { socket: "/run/x.sock" }],
  ["credential_readable_by: {name: a, users: []}", { name: "a", users: [] }],
  ["queue_age: {max_min: health.max_queue_age_min}", { max_min: "health.max_queue_age_min" }],
  [
    "budget_left: {usd_per_day: health.max_usd_per_day, min_pct: 10}",
    { usd_per_day: "health.max_usd_per_day", min_pct: 10 },
  ],
  ["gpu_present: {min: 1}", { min: 1 }],
  ["gpu_present:", {}],
  ["nft_rule: {table: con, family: inet}", { table: "con", family: "inet" }],
  ["drift: {facts: [users, rules]}", { facts: ["users", "rules"] }],
  ["runner_stuck: {max_min: health.max_session_min}", { max_min: "health.max_session_min" }],
  ["poison_waiting: {}", {}],
  ["memory_whole: {max_age_h: 24}", { max_age_h: 24 }],
  ["outbox_complete: {grace_s: 60}", { grace_s: 60 }],
  ["ledger_intact: {}", {}],
  [
    "upstream_success: {min_pct: health.min_upstream_success_pct, window_min: 15, min_calls: 4}",
    { min_pct: "health.min_upstream_success_pct", window_min: 15, min_calls: 4 },
  ],
  ["gateway_ready:", {}],
  ["clock_jump: {max_s: health.max_clock_jump_s}", { max_s: "health.max_clock_jump_s" }],
  ["journal_size: {max_mb: health.max_journal_mb}", { max_mb: "health.max_journal_mb" }],
  ["log_writable: /srv/con/logs", { path: "/srv/con/logs" }],
  ["no_secrets: {paths: [/srv/con/artifacts]}", { paths: ["/srv/con/artifacts"] }],
  ["git_remotes: {allow: [localhost]}", { allow: ["localhost"] }],
  ["privilege_free: {}", {}],
  ["escape_attempt: {agents: [concierge]}", { agents: ["concierge"] }],
  ["logs_chain: {}", {}],
])("built-in %s", (text, args) => {
  expect(checkOf(text).probe).toEqual({
    kind: "builtin",
    name: text.slice(0, text.indexOf(":")),
    with: args,
  });
});

describe("one thing wrong is told with its line", () => {
  test.each([
    ["empty file", "", "1:1 : it is empty"],
    ["only a comment", "# later\n", "1:1 : it is empty"],
    ["not YAML", "id: [x\n", "2:1 : Flow sequence"],
    ["a list", "- x\n", '1:1 : ["x"] does not fit'],
    ["two documents", `${withCheck("gateway_ready:")}---\nid: y\n`, "5:1 : "],
    ["key given twice", `id: X\nid: Y\n`, "2:1 : Map keys must be unique"],
    ["unknown tag", `id: !!js/function x\n${"description: d\n"}`, "1:5 : Unresolved tag"],
    ["no description", "id: X\nchecks: [{gateway_ready: }]\n", "1:1 : description is missing"],
    ["no checks", head, "1:1 : checks is missing"],
    ["no check in the list", `${head}checks: []\n`, "3:9 checks: [] does not fit"],
    [
      "prototype",
      `${withCheck("gateway_ready:")}__proto__: {}\n`,
      "5:1 __proto__: there is no key",
    ],
    ["path as id", `id: ../x\n${"description: d\n"}`, '1:5 id: "../x" does not fit'],
    ["severity", `${withCheck("gateway_ready:")}severity: bad\n`, '5:11 severity: "bad" does not'],
    ["scope", `${withCheck("gateway_ready:")}scope: agent:X\n`, '5:8 scope: "agent:X" does not'],
    ["nothing to check", withCheck("name: x"), "4:5 checks.0: it says nothing to check"],
    [
      "two in one",
      withCheck("{gateway_ready: , ledger_intact: }"),
      "4:23 checks.0.ledger_intact: ",
    ],
    ["relative path", withCheck("path_exists: x"), '4:18 checks.0.path_exists: "x" does not fit'],
    [
      "threshold of something else",
      withCheck("load: {max_factor: health.max_journal_mb}"),
      "4:24 ",
    ],
    [
      "unknown threshold",
      withCheck("memory_free: {min_pct: health.x}"),
      "4:28 checks.0.memory_free",
    ],
    ["mode as a number", withCheck("path_mode: {path: /x, mode: 0755}"), "4:33 checks.0.path_mode"],
    ["bad pattern", withCheck("regex_in_file: {path: /x, pattern: (}"), "4:40 "],
    [
      "user of a built-in",
      withCheck("{gateway_ready: , user: root}"),
      "4:23 checks.0.user: user is",
    ],
    ["other user", withCheck("{command: x, user: a-b}"), '4:24 checks.0.user: "a-b" does not fit'],
    ["port and socket", withCheck("port_listening: {port: 1, socket: /x}"), "4:21 "],
    ["script twice", withCheck("script: {path: x, inline: y}"), "4:13 checks.0.script: path and"],
    ["script elsewhere", withCheck("script: {path: a/../../x}"), "4:20 checks.0.script.path: "],
    ["long timeout", withCheck("{command: x, timeout: 11min}"), "4:27 checks.0.timeout: 11min is"],
    ["no time", `${withCheck("gateway_ready:")}every: soon\n`, '5:8 every: "soon" does not fit'],
    ["too rare", `${withCheck("gateway_ready:")}every: 32d\n`, "5:8 every: 32d is more than 31d"],
    [
      "both names of every",
      `${withCheck("gateway_ready:")}every: 60s\nfrequency: 60s\n`,
      "6:1 frequency: ",
    ],
    [
      "two agents",
      `${withCheck("gateway_ready:")}scope: agent:a\nagent: b\n`,
      "6:8 agent: scope names a, and agent names b",
    ],
    [
      "same name twice",
      `${head}checks:\n  - {name: a, gateway_ready: }\n  - {name: a, ledger_intact: }\n`,
      "5:12 checks.1.name: a is the name",
    ],
    [
      "exemption",
      withCheck("{gateway_ready: , on_fail: require_exemption}"),
      "4:32 checks.0.on_fail: require_exemption is not taken",
    ],
    [
      "exemption in a map",
      withCheck("{gateway_ready: , on_fail: {action: require_exemption}}"),
      "4:41 checks.0.on_fail.action: require_exemption is not taken",
    ],
    [
      "escalation to nobody",
      withCheck("{gateway_ready: , on_fail: {action: escalate, escalate: false}}"),
      "4:61 checks.0.on_fail.escalate: ",
    ],
    [
      "after nothing",
      withCheck("{gateway_ready: , on_fail: {after: 0}}"),
      "4:40 checks.0.on_fail.after: 0 does not fit: expected how many failures",
    ],
  ])("%s", (_, text, expected) => {
    const found = faults(text);
    expect(found).toHaveLength(1);
    expect(found[0]?.slice(0, expected.length)).toBe(expected);
    expect(parse(text).contract).toBeNull();
  });

  test("an unknown key comes with the nearest known one", () => {
    expect(faults(withCheck("disk_fre: {path: /}"))[0]).toContain("did you mean disk_free?");
    expect(faults(`${withCheck("gateway_ready:")}sevrity: high\n`)[0]).toContain("severity?");
    expect(faults(withCheck("{command: x, on_fail: {acton: alert}}"))[0]).toContain("action?");
  });

  test("the id is told although the rest is wrong, because others may wait for it", () => {
    expect(parse("id: X\n").id).toBe("X");
    expect(parse("id: [X]\n").id).toBeNull();
    expect(parse("- X\n").id).toBeNull();
  });
});

test("whatever stands in a file is a problem or a contract, never an exception", () => {
  const scalars = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean());
  const keys = fc.constantFrom(...["id", "description", "checks", "type", "on_fail", "scope"]);
  const values = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "small" }, scalars, tie("list"), tie("map")),
    list: fc.array(tie("value"), { maxLength: 3 }),
    map: fc.dictionary(
      fc.oneof(keys, fc.constantFrom(...builtinNames), fc.string()),
      tie("value"),
      { maxKeys: 4 },
    ),
  }));
  fc.assert(
    fc.property(values.value, fc.boolean(), (value, asCheck) => {
      const whole = asCheck ? { id: "X", description: "d", checks: [value] } : value;
      const { contract, problems } = parse(JSON.stringify(whole) ?? "");
      expect(contract === null).toBe(problems.length > 0);
    }),
    { numRuns: 500 },
  );
});

test("times of all formats", () => {
  const times = ["60s", "5m", "5min", "1h30m", "2d", 90];
  expect(times.map(durationSeconds)).toEqual([60, 300, 300, 5400, 172_800, 90]);
  expect(["0s", "1.5h", "-1s", "60", "s", "", "1 h", 0, 1.5].map(durationSeconds)).toEqual(
    Array.from({ length: 9 }, () => null),
  );
});

test("every shipped contract is valid, and no two have the same id", () => {
  const names = readdirSync("contracts").filter((name) => name.endsWith(".yaml"));
  const files = names.map((name) => {
    const path = `/usr/share/con/contracts/${name}`;
    return { file: path, parsed: parseContract({ path, text: read(name) }, validate) };
  });
  expect(together(files).bad).toEqual([]);
  expect(files.length).toBeGreaterThan(20);
});

const read = (name: string): string => readFileSync(`contracts/${name}`, "utf8");

describe("a file that is made to hurt", () => {
  test("has no more than 100 problems, each of them short", () => {
    const anchors = parse("&a ".repeat(20_000)).problems;
    expect(anchors).toHaveLength(100);
    const aliases = parse(`id: *${"a".repeat(10_000)}`).problems;
    expect(JSON.stringify(aliases).length).toBeLessThan(1000);
    const keys = Array.from({ length: 500 }, (_, n) => `k${n}: 1`).join("\n");
    expect(parse(keys).problems).toHaveLength(100);
  });

  test("is not read at all when nobody could have written it by hand", () => {
    const long = `${head}${Array.from({ length: 10_000 }, (_, n) => `k${n}: 1`).join("\n")}`;
    expect(faults(long)).toEqual([
      "1:1 : it has more than 65536 characters: shorten it, or make two of it",
    ]);
  });

  test("shows no long key", () => {
    const text = `${head}checks: []\n"${"x".repeat(65)}": 1\n`;
    expect(faults(text).join("\n")).toContain("…: there is no such key, of 65 characters");
    expect(faults(text).join("\n")).not.toContain("xx");
  });
});
