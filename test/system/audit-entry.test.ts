/** Lines of the three chains as entries of the journal, each found by what people look for. */
import { expect, it } from "vitest";
import { auditEntry } from "../../src/system/audit-entry.ts";
import { lateJournal } from "../../src/system/journal.ts";

it("an agent's line, a request to the steward and an incident are found by their fields", () => {
  expect(
    auditEntry("agents", {
      ...{ kind: "grant", agent: "desk", uid: 20_000, task: "t", grant: "tool shell", left: 0 },
    }),
  ).toMatchObject({
    ...{ CON_AUDIT: "grant", CON_AGENT: "desk", CON_UID: "20000", CON_TASK: "t" },
    CON_CHAIN: "agents",
    MESSAGE: "audit: desk grant grant=tool shell",
  });
  const request = { verb: "grant", agent: "scribe", incident: null, can: { tools: ["shell"] } };
  const begins = { event: "begins", id: "r", by: { uid: 0, name: "root" }, request };
  expect(auditEntry("steward", begins)).toMatchObject({
    ...{ CON_AUDIT: "begins", CON_REQUEST: "r", CON_UID: "0", CON_VERB: "grant" },
    CON_AGENT: "scribe",
    MESSAGE: "audit: scribe begins verb=grant",
    CON_RECORD: JSON.stringify(begins),
  });
  const opened = { kind: "opened", incident: "inc-1", contract: "C", check: "x", agents: ["a"] };
  const entry = auditEntry("contracts", opened);
  expect(entry).toMatchObject({ CON_INCIDENT: "inc-1", CON_CONTRACT: "C", CON_AUDIT: "opened" });
  expect(entry).not.toHaveProperty("CON_AGENT");
  expect(auditEntry("steward", { id: null, by: null }).MESSAGE).toBe("audit: steward line");
});

it("a short program loads the journal once, with its first line, and waits for it at its end", async () => {
  const got: string[] = [];
  let loads = 0;
  const load = async () => {
    loads += 1;
    return (fields: Readonly<Record<string, string>>) => void got.push(fields["MESSAGE"] ?? "");
  };
  const journal = lateJournal(load);
  await journal.end();
  expect(loads).toBe(0);
  for (const MESSAGE of ["one", "two"]) journal.send({ MESSAGE });
  await journal.end();
  expect([loads, got]).toEqual([1, ["one", "two"]]);
  const away = lateJournal(async () => null);
  away.send({ MESSAGE: "lost" });
  await away.end();
});
