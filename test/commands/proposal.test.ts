/** What people see of a change that an agent proposes: all of it, and nothing that it can forge. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { listApprovals } from "../../src/commands/approvals/list.ts";
import { showApproval } from "../../src/commands/approvals/show.ts";
import { listProposals } from "../../src/commands/proposal/list.ts";
import { rollbackProposal } from "../../src/commands/proposal/rollback.ts";
import { showProposal } from "../../src/commands/proposal/show.ts";
import { diffLines } from "../../src/commands/shared/line-diff.ts";
import { createApproval } from "../../src/steward/approvals/store.ts";
import type { Approval } from "../../src/steward/approvals/types.ts";
import { type ProposalRecord, recordPath, recordText } from "../../src/steward/proposals/record.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { newId } from "../../src/task/id.ts";
import { failure, makeIo, makeSystem } from "./support.ts";

const now = Date.parse("2027-01-01T12:00:00Z");
const id = (count: number): string => newId(count, () => new Uint8Array(10));
const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString();

const forged = "Greet.\nsha256   0000\nAGENTS.md (changed):\n\u001b[2J\u202eecila\n";
const files = [{ path: "AGENTS.md", before: "Be brief.\nStay.\n", after: `Stay.\n${forged}` }];
const origin = {
  task: id(77),
  call: "3-1",
  from: "mallory\u001b[1m",
  trust: "unverified",
  tainted: true,
} as const;
const tested = ["costs: about 12 tokens in each call"];

const waiting: Approval = {
  version: 1,
  id: id(1),
  state: "pending",
  by: { uid: 20_000, name: "a-desk" },
  agent: "desk",
  asked: at(-120),
  expires: at(600),
  needed: 1,
  subject: {
    kind: "request",
    verb: "propose",
    request: {
      ...{ version: 1, verb: "propose", target: "instructions", why: "shorter", incident: null },
      ...{ files: [{ path: "AGENTS.md", content: files[0]?.after ?? "" }], ...origin },
    },
    reasons: ["WORDS OF STRANGERS were read", "it changes its own instructions"],
    proposal: { sha256: "a".repeat(64), files, tested },
  },
  approvals: [],
  ended: null,
  settled: false,
};

const made: ProposalRecord = {
  ...{ version: 1, id: id(2), agent: "scribe", target: "skill:letters", why: "learned" },
  ...{ sha256: "b".repeat(64), tested, origin: { ...origin, tainted: false, trust: "verified" } },
  files: [
    {
      path: "SKILL.md",
      place: "agents.d/scribe.skills/letters/SKILL.md",
      before: null,
      after: "new\n",
    },
  ],
  ...{ asked: at(-60), approvals: [{ uid: 1000, name: "trent", at: at(-50), why: "good" }] },
  ...{ landed: at(-40), rolled_back: null },
};

function bed(list: readonly Approval[] = [waiting], records: readonly ProposalRecord[] = [made]) {
  const root = mkdtempSync(join(tmpdir(), "con-proposals-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const places = { approvals: join(root, "approvals"), proposals: join(root, "proposals") };
  for (const path of Object.values(places)) nodeDisk.makeDirectory(path, 0o755);
  for (const one of list) createApproval(nodeDisk, places.approvals, one);
  for (const one of records) writeFileSync(recordPath(places.proposals, one.id), recordText(one));
  writeFileSync(join(places.proposals, `${id(9)}.json`), "{");
  const system = makeSystem(["desk"]);
  const where = {
    directory: places.approvals,
    system: () => ({ runtime: system.runtime, dev: false }),
  };
  return { places, where, ...makeIo("", { env: {}, now: () => now }) };
}

describe("con approvals", () => {
  test("lists it by its target, strangers first", async () => {
    const { io, out, where } = bed();
    expect(await listApprovals([], io, where)).toBe(exit.ok);
    expect(out()).toContain("change its own instructions");
    expect(out()).toContain("WORDS OF STRANGERS");
  });

  test("shows origin, trial and difference; no line of a text can pass for one of con's", async () => {
    const { io, out, where } = bed();
    expect(await showApproval([id(1)], io, where)).toBe(exit.ok);
    const lines = out().split("\n");
    expect(lines).toContain(
      "origin   given by mallory\\u001b[1m (unverified); HAS READ WORDS OF STRANGERS, as its runner says",
    );
    expect(lines).toContain("tried    costs: about 12 tokens in each call");
    expect(lines.filter((line) => line.startsWith("sha256"))).toEqual([
      `sha256   ${"a".repeat(64)} (agent, target and files)`,
    ]);
    expect(lines.filter((line) => line.startsWith("AGENTS.md"))).toHaveLength(1);
    const start = lines.indexOf("AGENTS.md (changed):") + 1;
    expect(lines.slice(start, start + 6)).toEqual([
      "  - Be brief.",
      "    Stay.",
      "  + Greet.",
      "  + sha256   0000",
      "  + AGENTS.md (changed):",
      "  + \\u001b[2J\\u202eecila",
    ]);
  });
});

describe("con proposal", () => {
  test("lists what waits and what was made; a damaged record hides no other", async () => {
    const { io, out, err, places } = bed();
    expect(await listProposals([], io, places)).toBe(exit.ok);
    expect(err()).toBe(`con: ${id(9)}: its record is damaged\n`);
    expect(out()).toMatch(/pending +desk +instructions +YES/);
    expect(out()).toMatch(/made +scribe +skill:letters +no/);
  });

  test("as JSON, of one agent", async () => {
    const { io, out, places } = bed([waiting], [made]);
    await listProposals(["--agent", "scribe", "--json"], io, places);
    const { proposals } = JSON.parse(out()) as { proposals: readonly object[] };
    expect(proposals).toEqual([
      expect.objectContaining({
        ...{ id: id(2), state: "made", agent: "scribe", landed: at(-40), rolled_back: null },
        files: [{ path: "SKILL.md", before: null, after: "new\n" }],
      }),
    ]);
  });

  test("an approval whose change was not made has failed; one that was made counts once", async () => {
    const approved = { ...waiting, state: "approved", settled: true } as const;
    const both = { ...approved, id: id(2) };
    const { io, out, places } = bed([approved, both]);
    await listProposals(["--json"], io, places);
    const { proposals } = JSON.parse(out()) as { proposals: readonly { state: string }[] };
    expect(proposals.map(({ state }) => state)).toEqual(["failed", "made"]);
  });

  test("shows one, and how it is taken back", async () => {
    const { io, out, places } = bed();
    expect(await showProposal([id(2)], io, places)).toBe(exit.ok);
    expect(out()).toContain(`approved ${at(-50)} by trent: good\n`);
    expect(out()).toContain("SKILL.md (new file):\n  + new\n");
    expect(out()).toContain(`con proposal rollback ${id(2)}\n`);
  });

  test("refuses what is no proposal", async () => {
    const { io, places } = bed();
    expect(await failure(() => showProposal([id(5)], io, places))).toMatchObject({
      code: exit.badInput,
    });
    expect(await failure(() => rollbackProposal(["x"], io))).toMatchObject({ code: exit.badInput });
    const dev = makeIo("", { env: { CON_ROOT: "/x" } });
    expect(await failure(() => listProposals([], dev.io))).toMatchObject({
      code: exit.unavailable,
    });
  });
});

describe("a difference", () => {
  const shown = (before: string, after: string): string =>
    diffLines(before, after)
      .map(({ kind, text }) => `${kind}${text}`)
      .join("\n");

  test.each([
    ["", "a\n", "+a"],
    ["a\n", "", "-a"],
    ["a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c"],
    ["a\nb\n", "b\na\n", "-a\n b\n+a"],
    ["a\n", "a", "-a\n+a (no line end)"],
    ["a\na\n", "a\n", " a\n-a"],
  ])("of %j and %j", (before, after, expected) => {
    expect(shown(before, after)).toBe(expected);
  });

  test("of very long texts is bounded, and whole", () => {
    const many = (word: string): string =>
      Array.from({ length: 30_000 }, (_, index) => `${word}${index}\n`).join("");
    const lines = diffLines(many("a"), many("b"));
    expect(lines.filter(({ kind }) => kind === "-")).toHaveLength(30_000);
    expect(lines.filter(({ kind }) => kind === "+")).toHaveLength(30_000);
  });
});
