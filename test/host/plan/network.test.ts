/** What leaves the machine: packet rules, what is compiled where there are none, and what people are told. */
import { expect, test } from "vitest";
import { compileForge } from "../../../src/host/plan/layers.ts";
import { targetRules } from "../../../src/host/plan/rule-parts.ts";
import { plan } from "../../../src/host/plan.ts";
import type { Network } from "../../../src/host/world.ts";
import { chain, text } from "./facts.ts";
import { configOf, hamlet } from "./hamlet.ts";

const closed: Network = { usable: false, why: "nft is not installed" };
const open: Network = { usable: true, addresses: new Map(), resolvers: [] };
const said = "there are no packet rules here (nft is not installed)";

const agents = {
  anna: "tier: worker\ncan: {network: ['example.org:443', '192.0.2.7:22']}\n",
  boris: "tier: worker\n",
};
const system = "forge: {packages: [{package: six==1.17.0, language: python}]}\n";

test("without packet rules the browser and the installer of packages stay closed, and say why", () => {
  const { facts, findings } = plan(hamlet({ agents, system }, { network: closed }));
  expect(JSON.parse(text(facts, "/browser.json")).closed).toBe(said);
  expect(JSON.parse(text(facts, "/system.json")).forge.closed).toBe(said);
  expect(new Set(facts.map(({ kind }) => kind))).toEqual(
    new Set(["directory", "file", "link", "unit"]),
  );
  expect(findings).toEqual([
    {
      what: "agent anna: network",
      why: "no packet rules (nft is not installed), so it gets no network at all",
      remedy: "see con doctor",
    },
  ]);
});

test("with packet rules both are open", () => {
  const { facts } = plan(hamlet({ agents, system }, { network: open }));
  expect(JSON.parse(text(facts, "/browser.json")).closed).toBeNull();
  expect(JSON.parse(text(facts, "/system.json")).forge).not.toHaveProperty("closed");
});

test("where con.yaml has no part for the forge, there is none to close", () => {
  const { forge, ...older } = configOf({ system });
  expect(compileForge(older, closed)).toBeUndefined();
  expect(compileForge(older, open)).toBeUndefined();
  expect(compileForge({ ...older, ...(forge && { forge }) }, open)).toEqual(forge);
});

test("a name without an address opens nothing, takes no other target along, and is reported", () => {
  const { facts, findings } = plan(hamlet({ agents }, { network: open }));
  expect(chain(facts, "agents")).toEqual([
    "meta skuid 20001 ip daddr 192.0.2.7 tcp dport 22 accept",
    "counter drop",
  ]);
  expect(findings).toEqual([
    {
      what: "agent anna: network example.org:443",
      why: "the name has no address now, so nothing was opened",
      remedy: "check the name and the machine's DNS, then run con bootstrap",
    },
  ]);
});

test("what is no target opens nothing", () => {
  expect(targetRules(null, new Map())).toBeNull();
});

test("a port of its own is opened to the program whose agent it is, and to no other on that network", () => {
  const network = "can: {network: ['*:443']}\n";
  const runner = (models: boolean) => `runner: {exec: [/usr/bin/cat], models: ${models}}\n`;
  const { facts } = plan(
    hamlet({
      agents: {
        without: `tier: worker\n${network}${runner(false)}`,
        having: `tier: worker\n${network}${runner(true)}`,
        plain: `tier: worker\n${network}`,
        unreached: `tier: worker\n${runner(true)}`,
      },
    }),
  );
  expect(chain(facts, "agents").filter((line) => line.includes(" lo "))).toEqual([
    "meta skuid 20002 oif lo ip daddr 127.0.0.1 tcp dport 20002 accept",
    "meta skuid 20002 oif lo ip daddr 127.0.0.1 tcp sport 20002 tcp flags & (syn | ack) != syn accept",
  ]);
});
