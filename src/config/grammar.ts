/**
 * The small languages inside manifests: names, directories, network targets, durations. Pure.
 *
 * What passes here may be put into unit files, packet rules and paths as it stands: no white space,
 * no quotes, no `%` (a systemd specifier), no control characters.
 */

export const namePattern = /^[a-z][a-z0-9-]{0,30}$/;

const segment = /^[A-Za-z0-9_@+][A-Za-z0-9._@+-]*$/;

/** Where grants may point: nothing else on the machine is con's to give away. */
export const grantRoots = {
  read: ["/srv/con/artifacts", "/srv/con/logs"],
  write: ["/srv/con/artifacts"],
} as const;

/**
 * A grant as written → the directory it names, or why it is refused. `DIR` and `DIR/**` both mean the
 * directory and all below; there are no other patterns, because no kernel mechanism knows any.
 */
export function parseGrant(
  text: string,
  roots: readonly string[],
): { readonly directory: string } | { readonly why: string } {
  const directory = text.endsWith("/**") ? text.slice(0, -3) : text;
  if (!directory.startsWith("/")) return { why: `${text} is not an absolute path` };
  if (/[*?[\]{}]/.test(directory)) return { why: `${text} is a pattern${wholeInstead(directory)}` };
  if (directory.endsWith("/")) return { why: `${text} ends with /` };
  const odd = directory
    .slice(1)
    .split("/")
    .find((part) => !segment.test(part));
  if (odd !== undefined)
    return { why: `${text} has the part "${odd}"; parts are letters, digits and . _ @ + -` };
  const allowed = roots.some((root) => directory === root || directory.startsWith(`${root}/`));
  if (!allowed) return { why: `${text} is not below ${roots.join(" or ")}` };
  return { directory };
}

/** The nearest directory above a pattern. */
function wholeInstead(directory: string): string {
  const plain = directory.slice(0, directory.search(/[*?[\]{}]/)).replace(/\/[^/]*$/, "");
  const instead = plain === "" ? "" : `: write ${plain}/** for that directory and all below`;
  return `, and a grant is a whole directory${instead}`;
}

export interface NetworkTarget {
  readonly kind: "any" | "host" | "ipv4" | "ipv6";
  /** Host name, or address with or without `/len`; empty for `any`. */
  readonly host: string;
  readonly port: number;
}

const hostName =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** `host:port`, `address/len:port`, `[ipv6/len]:port` or `*:port`; null for anything else. */
export function parseNetworkTarget(text: string): NetworkTarget | null {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:\/\d{1,3})?)\]|([^[\]:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) return null;
  const [, six, other = ""] = match;
  if (six !== undefined) return isIpv6(six) ? { kind: "ipv6", host: six, port } : null;
  if (other === "*") return { kind: "any", host: "", port };
  if (/^[\d./]+$/.test(other)) return isIpv4(other) ? { kind: "ipv4", host: other, port } : null;
  return hostName.test(other) ? { kind: "host", host: other.toLowerCase(), port } : null;
}

function isIpv4(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) return false;
  const canonical = match
    .slice(1, 5)
    .every((part) => Number(part) <= 255 && `${Number(part)}` === part);
  return canonical && (match[5] === undefined || Number(match[5]) <= 32);
}

function isIpv6(text: string): boolean {
  const [address = "", length] = text.split("/");
  // The URL parser knows RFC 4291, and the rest of this module needs no node: import.
  return URL.canParse(`http://[${address}]/`) && (length === undefined || Number(length) <= 128);
}

const seconds = { s: 1, min: 60, h: 3600 } as const;

/** `90s`, `30min`, `2h` → seconds; null for anything else or more than a day. */
export function parseDuration(text: string): number | null {
  const match = /^([1-9]\d{0,5})(s|min|h)$/.exec(text);
  if (match === null) return null;
  const value = Number(match[1]) * seconds[match[2] as keyof typeof seconds];
  return value <= 86_400 ? value : null;
}

/** `512M`, `2G` → bytes; null for anything else, and for more than a number is exact for. */
export function parseMemory(text: string): number | null {
  const match = /^([1-9]\d{0,6})([MG])$/.exec(text);
  const bytes = Number(match?.[1]) * (match?.[2] === "G" ? 2 ** 30 : 2 ** 20);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

const instant =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** RFC 3339 with its zone → epoch milliseconds; null for anything else, 31 February included. */
export function parseInstant(text: string): number | null {
  const match = instant.exec(text);
  if (match === null) return null;
  const [, year, month, day] = match.map(Number);
  const named = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  const isDay = named.getUTCMonth() + 1 === month && named.getUTCDate() === day;
  const at = Date.parse(text);
  return isDay && !Number.isNaN(at) ? at : null;
}
