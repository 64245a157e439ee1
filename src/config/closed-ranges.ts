/**
 * Which addresses the web may be on. Everything with a special purpose is closed: private, loopback, link-local,
 * shared (CGNAT), multicast, documentation, and every form of IPv6 that carries an IPv4 address. What nobody assigned
 * yet is closed too: of IPv6 only global unicast is open. Constants.
 */

export type Range = readonly [address: string, length: number];

/** IANA's special-purpose registries (RFC 6890), and what clouds keep at a public address. */
const ipv4: readonly Range[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  // The machine agent of Azure answers here.
  ["168.63.129.16", 32],
];

/** Within global unicast: protocol assignments and Teredo, documentation, 6to4, AS112. */
const ipv6: readonly Range[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
];

const openIpv6: Range = ["2000::", 3];

export const closedRanges = { ipv4, ipv6, openIpv6 } as const;
