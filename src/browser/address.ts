/** Whether the web may be on an address. Pure. */
import { BlockList, isIP } from "node:net";
import { closedRanges, type Range } from "../config/closed-ranges.ts";

function listOf(ranges: readonly Range[], type: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, length] of ranges) list.addSubnet(address, length, type);
  return list;
}

const closed4 = listOf(closedRanges.ipv4, "ipv4");
const closed6 = listOf(closedRanges.ipv6, "ipv6");
const open6 = listOf([closedRanges.openIpv6], "ipv6");

/** False for what is no address at all. */
export function isPublic(address: string): boolean {
  // With a zone, it is one of a link.
  if (address.includes("%")) return false;
  switch (isIP(address)) {
    case 4:
      return !closed4.check(address, "ipv4");
    case 6:
      return open6.check(address, "ipv6") && !closed6.check(address, "ipv6");
    default:
      return false;
  }
}

/** Whether `address` lies in `block`, an address with or without `/len`. */
export function isInBlock(block: string, address: string): boolean {
  const [base = "", length] = block.split("/");
  const family = isIP(base);
  if (family === 0 || family !== isIP(address)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const whole = family === 4 ? 32 : 128;
  return listOf([[base, length === undefined ? whole : Number(length)]], type).check(address, type);
}
