/** Preventive contracts: listed with what prevents, and verified to be present. Pure. */
import type { Broken } from "./broken.ts";
import type { RawContract } from "./raw.ts";

/** A check that shows a mechanism to be there, by words that people use for it. */
const shownBy: readonly (readonly [RegExp, string])[] = [
  [/nft|firewall|packet|egress|network/i, "nft_rule: {table: con, contains: TEXT}"],
  [/acl/i, "acl: {path: PATH, has: [ENTRY]}"],
  [/mode|owner|permission|chmod|chown/i, 'path_mode: {path: PATH, mode: "0700", owner: USER}'],
  [/sudo|privilege/i, "privilege_free: {}"],
  [/unit|systemd|timer|service/i, "unit_active: UNIT"],
  [/sandbox|bubblewrap|bwrap|namespace/i, "escape_attempt: {}"],
  [/credential|secret|key/i, "credential_readable_by: {name: NAME, users: [USER]}"],
  [/hash|read-only|immutable/i, "file_hash: {path: PATH, sha256: DIGITS}"],
];

export function brokenPrevention(raw: RawContract): Broken[] {
  const broken: Broken[] = [];
  const preventive = raw.type === "preventive";
  if (preventive && raw.mechanism === undefined)
    broken.push({
      path: ["type"],
      why: "a preventive contract names what prevents, and mechanism is missing",
      remedy: "add mechanism: as in nftables, or write type: detective",
    });
  if (raw.checks !== undefined) return broken;
  const mechanism = raw.mechanism ?? "";
  const check = shownBy.find(([words]) => words.test(mechanism))?.[1] ?? "drift: {facts: [rules]}";
  const why = preventive
    ? "checks is missing, and a mechanism that nothing looks at is a promise that nobody keeps"
    : "checks is missing";
  const remedy = preventive
    ? `add a check that sees it in place, as in checks: [{name: present, ${check}}]`
    : "add checks: a list of 1 to 100 checks";
  return [...broken, { path: [], why, remedy }];
}
