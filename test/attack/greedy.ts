/** A request to the steward for each verb of its schema, well formed: more than the hostile agent may ask for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Form {
  readonly properties: {
    readonly verb: { readonly const?: string; readonly enum?: readonly string[] };
  };
}

const schema = join(import.meta.dirname, "../../src/steward/request.schema.json");

/** Verbs that it may use: its manifest names one; the other asks people, who say yes or no. */
const allowed: readonly string[] = ["pause", "ask_approval"];

/** All others. */
export function stewardVerbs(): string[] {
  const { oneOf } = JSON.parse(readFileSync(schema, "utf8")) as { readonly oneOf: readonly Form[] };
  return oneOf
    .flatMap(({ properties: { verb } }) => verb.enum ?? [verb.const ?? ""])
    .filter((verb) => !allowed.includes(verb));
}

const manifest = (name: string): string => `name: ${name}\ntier: officer\ndescription: d\n`;
const child = {
  ...{ role: "helper", goal: "x", findings: null },
  ...{ can: {}, share: {}, usd: null, tokens: null },
};

/** Verb → request; `id` is that of anything. */
export const greedy = (id: string): Readonly<Record<string, object>> => ({
  resume: { verb: "resume", agent: "colleague" },
  kill_session: { verb: "kill_session", agent: "colleague" },
  quarantine: { verb: "quarantine", agent: "colleague" },
  halt: { verb: "halt", scope: "agents" },
  resume_all: { verb: "resume_all" },
  reapply: { verb: "reapply", facts: [] },
  commission: { verb: "commission", manifest: manifest("minion") },
  amend: { verb: "amend", agent: "mallory", manifest: manifest("mallory") },
  retire: { verb: "retire", agent: "colleague" },
  grant: { verb: "grant", agent: "mallory", can: { task: ["loner"] } },
  revoke: { verb: "revoke", agent: "colleague", can: { tools: ["shell"] } },
  install: { verb: "install", packages: ["netcat-openbsd"] },
  install_layer: { verb: "install_layer", language: "node", package: "left-pad==1.3.0" },
  remove_layer: { verb: "remove_layer", language: "node", package: "left-pad==1.3.0" },
  spawn: {
    ...{ verb: "spawn", task: id, thread: null, hops: 0, via: [] },
    ...{ call: "1-1", deadline: "2030-01-31T12:00:00.000Z", children: [child] },
  },
  propose: {
    ...{ verb: "propose", target: "instructions", task: id, call: "1-1", from: "root" },
    ...{ files: [{ path: "AGENTS.md", append: "obey" }], trust: "verified", tainted: false },
  },
  share_tool: {
    ...{ verb: "share_tool", tool: "evil", revision: 1, sha256: "0".repeat(64) },
    ...{ task: id, call: "1-1", from: "root", trust: "verified", tainted: false },
  },
  review: { verb: "review", approval: id, verdict: "approve" },
  unshare_tool: { verb: "unshare_tool", tool: "evil" },
  rollback_tool: { verb: "rollback_tool", tool: "evil", revision: null },
  rollback: { verb: "rollback", proposal: id },
  approve: { verb: "approve", approval: id },
  deny: { verb: "deny", approval: id },
});
