/** Where a request wants to go, as written, and what people excepted. Pure. */
import { isIP } from "node:net";
import { type NetworkTarget, parseNetworkTarget } from "../config/grammar.ts";
import { isInBlock, isPublic } from "./address.ts";

export interface Target {
  /** As the URL standard spells it: lower case, addresses in one form, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** No web server is below, but for these two; above may be anything that speaks TCP. */
const webPorts: ReadonlySet<number> = new Set([80, 443]);
const firstFreePort = 1024;

const maxUrl = 8192;

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

const no = (why: string): { readonly ok: false; readonly why: string } => ({ ok: false, why });

/** A URL that may be asked for at all: http or https, without a name and password. */
export function webUrl(text: string, base?: URL): Parsed<URL> {
  if (text.length > maxUrl) return no(`the address is longer than ${maxUrl} characters`);
  if (!URL.canParse(text, base?.href)) return no("it is no URL: write it whole, with https://");
  const url = new URL(text, base?.href);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return no(`only http and https can be fetched, not ${url.protocol.slice(0, 32)}`);
  if (url.username !== "" || url.password !== "")
    return no("a URL with a user name or password is not fetched");
  return { ok: true, value: url };
}

export function targetOf({ hostname, port, protocol }: URL): Target {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return { host, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
}

/** `host:port` of a CONNECT. */
export function targetOfAuthority(authority: string): Target | null {
  if (!/^[^\s/@?#\\]+:\d{1,5}$/.test(authority)) return null;
  // Of no scheme the URL standard knows a default port for, so the port stays.
  const text = `http://${authority}/`;
  if (!URL.canParse(text)) return null;
  const port = Number(authority.slice(authority.lastIndexOf(":") + 1));
  const { host } = targetOf(new URL(text));
  return host === "" || port < 1 || port > 65_535 ? null : { host, port };
}

export type Exceptions = readonly NetworkTarget[];

/** `web.allow` of con.yaml; what its schema let through parses. */
export const exceptionsOf = (allow: readonly string[]): Exceptions =>
  allow.flatMap((text) => parseNetworkTarget(text) ?? []);

/** People named this host itself: whatever address it has. */
export const isExcepted = (exceptions: Exceptions, { host, port }: Target): boolean =>
  exceptions.some((one) => one.kind === "host" && one.host === host && one.port === port);

export const isWebPort = ({ port }: Target): boolean => webPorts.has(port) || port >= firstFreePort;

/** Whether any host may be reached there. Which one, its address says. */
export const isPortOpen = (exceptions: Exceptions, target: Target): boolean =>
  isWebPort(target) || exceptions.some(({ port }) => port === target.port);

/** Whether one address of a host may be connected to. `own` are the addresses of this machine. */
export function isAddressOpen(
  exceptions: Exceptions,
  target: Target,
  address: string,
  own: ReadonlySet<string>,
): boolean {
  if (isExcepted(exceptions, target)) return true;
  const named = exceptions.some(
    (one) => one.kind !== "host" && one.port === target.port && isInBlock(one.host, address),
  );
  return named || (isWebPort(target) && isPublic(address) && !own.has(address));
}

export const isLiteral = ({ host }: Target): boolean => isIP(host) !== 0;
