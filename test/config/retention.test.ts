/** `retention:` of con.yaml and manifests: days, or for ever; and nothing at once. */
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { defaultRetention } from "../../src/config/retention.ts";

const head = "name: concierge\ntier: operator\ndescription: front desk\n";

function parse(con: string, manifest = "") {
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: `models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n${con}`,
    },
    agents: [{ path: "agents.d/concierge.yaml", text: `${head}${manifest}` }],
  });
  const why = problems.map(({ key }) => key);
  return { all: config?.retention, own: config?.agents[0]?.retention, why };
}

test("has defaults, and a manifest that says nothing has con.yaml's", () => {
  expect(parse("")).toEqual({ all: defaultRetention, own: undefined, why: [] });
});

test("is taken by kind: the manifest's, con.yaml's, the default; 0 and never keep for ever", () => {
  const con = "retention: {journal_days: 7, plan_days: never, sent_days: 0}\n";
  const { all, own, why } = parse(con, "retention: {plan_days: 30, outbox_days: never}\n");
  expect(why).toEqual([]);
  expect(all).toEqual({ ...defaultRetention, journalDays: 7, planDays: null, sentDays: null });
  expect(own).toEqual({ ...all, planDays: 30, outboxDays: null });
});

test.each(["-1", "0.5", "soon", "40000", "1d"])("refuses %s", (days) => {
  expect(parse(`retention: {outbox_days: ${days}}\n`).why).toEqual(["retention.outbox_days"]);
  expect(parse("", `retention: {outbox_days: ${days}}\n`).why).toEqual(["retention.outbox_days"]);
});

test("refuses a kind that nothing keeps", () => {
  expect(parse("retention: {memory_days: 3}\n").why).toEqual(["retention.memory_days"]);
});
