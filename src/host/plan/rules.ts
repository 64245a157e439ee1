/**
 * The packet rules: agents get out only where their manifest says, everybody else is untouched. Pure.
 *
 * One chain for all uids of agents, closed at its end; so an agent without a rule, a retired one and
 * one that is not known yet are closed too. DNS is open only to those that may go somewhere.
 */
import { type NetworkTarget, parseNetworkTarget } from "../../config/grammar.ts";
import { agentUids, childUids } from "../ids.ts";
import type { Finding, World } from "../world.ts";
import type { Views } from "./views.ts";

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
  for (const { name, uid, can } of granted) {
    for (const text of can.network) {
      const rules = targetRules(parseNetworkTarget(text), network.addresses);
      if (rules === null) findings.push(unresolved(name, text));
      else lines.push(...rules.map((rule) => `meta skuid ${uid} ${rule} accept`));
    }
    lines.push(...network.resolvers.flatMap((address) => dnsRules(uid, address)));
  }
  return { text: tableText(lines), findings };
}

function targetRules(
  target: NetworkTarget | null,
  addresses: ReadonlyMap<string, readonly string[]>,
): string[] | null {
  if (target === null) return null;
  const port = `tcp dport ${target.port}`;
  switch (target.kind) {
    case "any":
      return [port];
    case "ipv4":
      return [`ip daddr ${target.host} ${port}`];
    case "ipv6":
      return [`ip6 daddr ${target.host} ${port}`];
    case "host": {
      const found = addresses.get(target.host) ?? [];
      return found.length === 0 ? null : found.map((address) => `${to(address)} ${port}`);
    }
  }
}

const to = (address: string): string =>
  address.includes(":") ? `ip6 daddr ${address}` : `ip daddr ${address}`;

const dnsRules = (uid: number, address: string): string[] => [
  `meta skuid ${uid} ${to(address)} udp dport 53 accept`,
  `meta skuid ${uid} ${to(address)} tcp dport 53 accept`,
];

/** `add` before `delete` makes the transaction work on the first load too. */
function tableText(lines: readonly string[]): string {
  const ranges = [agentUids, childUids].map(({ first, last }) => `${first}-${last}`);
  return `${[
    `add table inet ${tableName}`,
    `delete table inet ${tableName}`,
    `table inet ${tableName} {`,
    "  chain output {",
    "    type filter hook output priority filter; policy accept;",
    `    meta skuid { ${ranges.join(", ")} } jump agents`,
    "  }",
    "  chain agents {",
    ...[...new Set(lines)].map((line) => `    ${line}`),
    "    counter drop",
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
