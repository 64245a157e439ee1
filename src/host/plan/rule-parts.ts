/** Network targets as the middle of packet rules. Pure. */
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
