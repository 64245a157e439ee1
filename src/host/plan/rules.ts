/**
 * The packet rules: agents get out only where their manifest says, everybody else is untouched. Pure.
 *
 * One chain for all uids of agents, closed at its end; so an agent without a rule, a retired one and
 * one that is not known yet are closed too. DNS is open only to those that may go somewhere.
 */
import { parseNetworkTarget } from "../../config/grammar.ts";
import { agentUids, childUids } from "../ids.ts";
import type { Finding, World } from "../world.ts";
import { planBrowserRules, type UserRules } from "./browser.ts";
import { planLayerRules } from "./layers.ts";
import { targetRules, to } from "./rule-parts.ts";
import type { View, Views } from "./views.ts";

export const tableName = "con";

export function planRules(
  world: World,
  views: Views,
): { text: string | null; findings: Finding[] } {
  const { network } = world;
  const granted = views.all.filter(({ can }) => can.network.length > 0);
  if (!network.usable)
    return { text: null, findings: granted.map((view) => closed(view.name, network.why)) };
  const findings: Finding[] = [];
  const lines: string[] = [];
  for (const view of granted) {
    const { name, uid, can } = view;
    for (const text of can.network) {
      const rules = targetRules(parseNetworkTarget(text), network.addresses);
      if (rules === null) findings.push(unresolved(name, text));
      else lines.push(...rules.map((rule) => `meta skuid ${uid} ${rule} accept`));
    }
    lines.push(...loopbackRules(view));
    lines.push(...network.resolvers.flatMap((address) => dnsRules(uid, address)));
  }
  return {
    text: tableText(lines, planBrowserRules(world, network), planLayerRules(world, network)),
    findings,
  };
}

/**
 * A program that shares the machine's network finds its models on a loopback port of its own, the number of its uid
 * (runner/bridge/inside.ts). From that port it answers and opens nothing.
 */
function loopbackRules({ uid, agent }: View): string[] {
  if (agent?.runner?.models !== true) return [];
  const own = `meta skuid ${uid} oif lo ip daddr 127.0.0.1 tcp`;
  return [
    `${own} dport ${uid} accept`,
    `${own} sport ${uid} tcp flags & (syn | ack) != syn accept`,
  ];
}

const dnsRules = (uid: number, address: string): string[] => [
  `meta skuid ${uid} ${to(address)} udp dport 53 accept`,
  `meta skuid ${uid} ${to(address)} tcp dport 53 accept`,
];

/** `add` before `delete` makes the transaction work on the first load too. */
function tableText(lines: readonly string[], browser: UserRules, layer: UserRules): string {
  const ranges = [agentUids, childUids].map(({ first, last }) => `${first}-${last}`);
  return `${[
    `add table inet ${tableName}`,
    `delete table inet ${tableName}`,
    `table inet ${tableName} {`,
    "  chain output {",
    "    type filter hook output priority filter; policy accept;",
    `    meta skuid { ${ranges.join(", ")} } jump agents`,
    `    meta skuid ${browser.uid} jump browser`,
    `    meta skuid ${layer.uid} jump layer`,
    "  }",
    "  chain agents {",
    ...[...new Set(lines)].map((line) => `    ${line}`),
    "    counter drop",
    "  }",
    "  chain browser {",
    ...browser.lines.map((line) => `    ${line}`),
    "  }",
    "  chain layer {",
    ...layer.lines.map((line) => `    ${line}`),
    "  }",
    "}",
  ].join("\n")}\n`;
}

const unresolved = (agent: string, target: string): Finding => ({
  what: `agent ${agent}: network ${target}`,
  why: "the name has no address now, so nothing was opened",
  remedy: "check the name and the machine's DNS, then run con bootstrap",
});

const closed = (agent: string, why: string): Finding => ({
  what: `agent ${agent}: network`,
  why: `no packet rules (${why}), so it gets no network at all`,
  remedy: "see con doctor",
});
