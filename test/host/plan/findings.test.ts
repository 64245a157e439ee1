/** What a plan tells people, and when it stays quiet. */
import { expect, test } from "vitest";
import { plan } from "../../../src/host/plan.ts";
import type { Deployed } from "../../../src/host/world.ts";
import { deployedBy, hamlet } from "./hamlet.ts";

test("a key is missing only where a provider or an engine names one", () => {
  const system = `providers:
  open: {base_url: 'https://open.example/v1'}
  kept: {base_url: 'https://kept.example/v1', credential: kept-key}
  lost: {base_url: 'https://lost.example/v1', credential: lost-key}
web: {search: [{name: open, url: 'http://192.0.2.8/?q={query}'}]}
`;
  const { findings } = plan(hamlet({ system }, { credentials: new Set(["kept-key"]) }));
  expect(findings).toEqual([
    {
      what: "provider lost",
      why: "there is no credential lost-key, so its models cannot be used",
      remedy: "con credential set lost-key",
    },
  ]);
});

/** So many agents that stay in view, each of which may task the front desk. */
function crowd(size: number): Deployed[] {
  const { entry, runtime } = deployedBy(plan(hamlet()).facts, "desk");
  const can = { ...runtime.can, task: ["desk"] };
  return Array.from({ length: size }, (_, index) => {
    const name = `w${index}`;
    return { entry: { ...entry, name }, runtime: { ...runtime, name, can } };
  });
}

test("an access list is reported from the first entry on that it cannot hold", () => {
  const findings = (size: number) => {
    const deployed = crowd(size);
    const { registry } = hamlet();
    const uids = deployed.map(({ entry }, index) => [entry.name, 30_000 + index]);
    const all = { ...registry, ...Object.fromEntries(uids) };
    return plan(hamlet({}, { deployed, registry: all })).findings;
  };
  // Group trusted has the last of the 480.
  expect(findings(479)).toEqual([]);
  expect(findings(480)).toEqual([
    {
      what: "/srv/con/agents/desk/inbox",
      why: "481 agents are granted it, more than 480 that an ACL can hold",
      remedy: "let fewer agents task this one directly, or grant a directory of their own",
    },
  ]);
});
