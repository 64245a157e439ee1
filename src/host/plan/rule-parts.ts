/** Network targets as the middle of packet rules. Pure. */
import { closedRanges, type Range } from "../../config/closed-ranges.ts";
import type { NetworkTarget } from "../../config/grammar.ts";

/** Null where a name has no address. */
export function targetRules(
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

export const to = (address: string): string =>
  address.includes(":") ? `ip6 daddr ${address}` : `ip daddr ${address}`;

/** The whole chain of somebody who may reach public addresses, names, and `excepted`. */
export function publicRules(excepted: readonly string[], resolvers: readonly string[]): string[] {
  const { ipv4, ipv6, openIpv6 } = closedRanges;
  return [
    ...[...new Set(excepted)].map((rule) => `${rule} accept`),
    ...resolvers.flatMap((address) =>
      ["udp", "tcp"].map((kind) => `${to(address)} ${kind} dport 53 accept`),
    ),
    "meta l4proto != tcp counter drop",
    `ip daddr { ${ipv4.map(text).join(", ")} } counter drop`,
    `ip6 daddr != ${text(openIpv6)} counter drop`,
    `ip6 daddr { ${ipv6.map(text).join(", ")} } counter drop`,
  ];
}

const text = ([address, length]: Range): string => `${address}/${length}`;
