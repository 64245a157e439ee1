/** Files as the older programs take them. */
import { describe, expect, test } from "vitest";
import { contractValidator, parseContract } from "../../src/contract/parse.ts";
import type { Contract } from "../../src/contract/types.ts";

const validate = contractValidator();

function good(text: string): Contract {
  const { contract, problems } = parseContract({ path: "/etc/c/x.yaml", text }, validate);
  expect(problems).toEqual([]);
  if (contract === null) throw new Error("no contract");
  return contract;
}

const body = "id: X\ndescription: d\nchecks: [{command: 'true'}]\n";
const onFail = (text: string) =>
  good(`id: X\ndescription: d\nchecks: [{command: 'true', on_fail: ${text}}]\n`).checks[0]?.onFail;

describe("original form", () => {
  test("script beside the file, with a timeout of its own, of one agent", () => {
    const contract = good(`id: CON-AGENT-009
description: Directories of the agent
type: detective
frequency: 60s
scope: agent:helper
checks:
  - name: dir_permissions
    script:
      path: scripts/check-perms.sh
      timeout: 10s
    on_fail:
      action: quarantine
      escalate: sysadmin
      message: "directory open"
`);
    expect(contract).toMatchObject({ agent: "helper", everySeconds: 60, manual: false });
    expect(contract.checks[0]).toMatchObject({
      probe: { kind: "script", path: "/etc/c/scripts/check-perms.sh", inline: null },
      timeoutSeconds: 10,
      onFail: { action: "quarantine", escalate: "sysadmin", message: "directory open", after: 1 },
    });
  });

  test("the output of a command as $RESULT", () => {
    const [check] = good(`id: CON-SYS-009
description: Sessions end
frequency: 60s
scope: system
checks:
  - name: session
    command:
      run: "ps -eo etimes | awk '$1 > 1800' | head -1"
      test: "[ -z \\"$RESULT\\" ]"
    on_fail: {action: kill_session, escalate: sysadmin}
`).checks;
    expect(check?.probe).toMatchObject({ kind: "command", test: '[ -z "$RESULT" ]' });
  });

  test("preventive, with the check that sees the mechanism in place", () => {
    const text = `id: CON-NET-001
description: helper reaches one host
type: preventive
mechanism: nftables
agent: helper
enforcement: |
  nft add rule inet filter output drop
`;
    const refused = parseContract({ path: "/c/x.yaml", text }, validate);
    expect(refused.contract).toBeNull();
    expect(refused.problems).toMatchObject([{ line: 1, column: 1 }]);
    expect(refused.problems[0]?.remedy).toContain("nft_rule");
    const contract = good(`${text}checks: [{nft_rule: {table: filter, contains: drop}}]\n`);
    expect(contract).toMatchObject({
      type: "preventive",
      mechanism: "nftables",
      enforcement: "nft add rule inet filter output drop\n",
      agent: "helper",
    });
  });

  test("a preventive contract without its mechanism is refused", () => {
    const { problems } = parseContract(
      { path: "/c/x.yaml", text: `type: preventive\n${body}` },
      validate,
    );
    expect(problems).toMatchObject([{ line: 1, column: 7, key: "type" }]);
  });
});

describe("the successors' form", () => {
  test("severity and words of a check; the contract is as severe as its worst check", () => {
    const contract = good(`id: CON-AGENT-SYSADMIN
description: stays inside
type: detective
tags: [schedule]
scope: global
checks:
  - name: no_cron
    script:
      inline: |
        ! crontab -l
    on_fail: alert
    severity: high
    category: security
    what: "it has jobs of its own"
    verify: "crontab -l"
    affects: ["/var/spool/cron"]
  - name: no_secrets
    script: {inline: "exit 0"}
    on_fail: escalate
    severity: critical
`);
    expect(contract).toMatchObject({ severity: "critical", manual: false, everySeconds: null });
    expect(contract.checks).toMatchObject([
      {
        severity: "high",
        probe: { kind: "script", path: null, inline: "! crontab -l\n" },
        onFail: { action: "alert", message: "it has jobs of its own; to see it: crontab -l" },
      },
      { severity: "critical", onFail: { action: "alert", escalate: "sysadmin", message: "" } },
    ]);
  });

  test("skip_if of contract and check, exit_code, output_matches, depends_on, paths", () => {
    const contract = good(`id: C-042
description: d
type: atomic
trigger: schedule
tags: always
scope: {paths: ["**/*.rs"], exclude: ["**/build.rs"]}
category: process
what: w
verify: v
affects: everything
depends_on: C-041
skip_if: {command_not_available: cargo, not_in_ci: true}
checks:
  - name: .env is fine
    command: {run: "df /", exit_code: 2, output_matches: "(?i)ok"}
    skip_if: {env_var_unset: HOME, path_not_exists: /x, not_in_ci: false}
    on_fail: warn
`);
    expect(contract).toMatchObject({
      type: "detective",
      manual: false,
      tags: ["always"],
      dependsOn: ["C-041"],
      agent: null,
      skipIf: [
        { kind: "command_not_available", value: "cargo" },
        { kind: "not_in_ci", value: true },
      ],
    });
    expect(contract.checks[0]).toMatchObject({
      probe: { exitCode: 2, outputMatches: "(?i:ok)", test: null },
      skipIf: [
        { kind: "env_var_unset", value: "HOME" },
        { kind: "path_not_exists", value: "/x" },
      ],
    });
  });

  test.each([
    ["", false],
    ["every: 60s\ntrigger: commit\n", false],
    ["trigger: schedule\n", false],
    ["trigger: [commit, schedule]\n", false],
    ["tags: [disk]\n", false],
    ["tags: [schedule]\ntype: enforcement\n", false],
    ["type: holistic\n", false],
    ["trigger: commit\n", true],
    ["tags: [pre-commit]\n", true],
    ["tags: enforcement\n", true],
    ["type: protocol\n", true],
    ["type: enforcement\n", true],
  ])("%j is by hand only: %s", (text, manual) => {
    expect(good(`${body}${text}`).manual).toBe(manual);
  });
});

test.each([
  ["alert", "alert", "sysadmin"],
  ["reapply", "reapply", "sysadmin"],
  ["kill_session", "kill_session", "sysadmin"],
  ["quarantine", "quarantine", "sysadmin"],
  ["halt_workers", "halt_workers", "sysadmin"],
  ["halt_agents", "halt_agents", "sysadmin"],
  ["halt", "halt_agents", "sysadmin"],
  ["escalate", "alert", "sysadmin"],
  ["fail", "alert", "sysadmin"],
  ["warn", "alert", "sysadmin"],
  ["log", "alert", null],
  ["{}", "alert", "sysadmin"],
  ["{action: halt, escalate: false}", "halt_agents", null],
  ["{action: log, escalate: true}", "alert", "sysadmin"],
  ["{escalate: cso}", "alert", "cso"],
])("on_fail %s is %s and goes to %s", (text, action, escalate) => {
  expect(onFail(text)).toEqual({ action, escalate, message: "", after: 1 });
});
