/**
 * Remotes in git-config(1) files, and whether they are allowed. Pure.
 *
 * Hosts are compared whole, after the URL was taken apart, so that `evil.com/github.com/x` and
 * `github.com.evil.com` are what they are. What cannot be taken apart for certain is not allowed.
 */

export interface Remotes {
  readonly urls: readonly string[];
  /** It includes another file, which may hold more. */
  readonly includes: boolean;
}

/** All URLs that git would talk to: of remotes, of submodules, and those that others are rewritten to. */
export function readRemotes(text: string): Remotes {
  const urls: string[] = [];
  let includes = false;
  let section = "";
  for (const line of joined(text)) {
    const head = /^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (head !== null) {
      section = (head[1] ?? "").toLowerCase();
      if (section === "url") urls.push(unescaped(head[2] ?? ""));
    }
    const rest = head === null ? line : line.slice(head[0].length);
    const pair = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*)$/.exec(rest);
    const key = (pair?.[1] ?? "").toLowerCase();
    if ((section === "include" || section.startsWith("includeif")) && key === "path")
      includes = true;
    if (key === "url" || key === "pushurl") urls.push(plainValue(pair?.[2] ?? ""));
  }
  return { urls, includes };
}

/** A backslash at the end continues a line. */
const joined = (text: string): string[] => text.replace(/\\\r?\n/g, "").split(/\r?\n/);

const unescaped = (text: string): string => text.replace(/\\(.)/g, "$1");

/** Without quotes and comment. */
function plainValue(raw: string): string {
  let value = "";
  let quoted = false;
  for (let at = 0; at < raw.length; at += 1) {
    const character = raw.charAt(at);
    if (character === "\\") {
      at += 1;
      value += raw.charAt(at);
    } else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "#" || character === ";")) break;
    else value += character;
  }
  return value.trim();
}

/** Whether one of `allow` (hosts, `host:port`, prefixes of URLs) covers `remote`. */
export function isAllowed(remote: string, allow: readonly string[]): boolean {
  const url = urlOf(remote);
  if (url === "local") return true;
  if (url === null) return false;
  return allow.some((entry) =>
    entry.includes("://") ? startsWith(url, entry) : isHost(url, entry),
  );
}

const schemes = ["https:", "http:", "ssh:", "git:", "git+ssh:", "ssh+git:", "ftp:", "ftps:"];

/** A path of this machine is local. Null where git and we might read it differently. */
function urlOf(remote: string): URL | "local" | null {
  // Helpers (`ext::sh -c …`) run programs; backslashes and the like are read differently by everyone.
  if (/[\s\\\p{Cc}]/u.test(remote) || remote.includes("::")) return null;
  if (remote.startsWith("/") || /^\.{0,2}\//.test(remote) || /^\.{1,2}$/.test(remote))
    return "local";
  if (/^file:\/\/\//i.test(remote)) return "local";
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(remote)) return parsed(remote);
  const scp = /^(?:[^@/:]+@)?(\[[0-9a-fA-F:]+\]|[^/:@]+):(.*)$/s.exec(remote);
  // Without a colon it is a path (gitremote: a colon before the first slash makes it a host).
  if (scp === null) return remote.includes(":") ? null : "local";
  return parsed(`ssh://${scp[1]}/${(scp[2] ?? "").replace(/^\//, "")}`);
}

function parsed(text: string): URL | null {
  const url = URL.parse(text);
  if (url === null || !schemes.includes(url.protocol)) return null;
  // A host with escapes is one name to us and perhaps another to git.
  return /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/i.test(url.hostname) ? url : null;
}

const hostOf = (url: URL): string => url.hostname.toLowerCase().replace(/\.$/, "");

function isHost(url: URL, entry: string): boolean {
  const [, host = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  return hostOf(url) === host && (port === undefined || url.port === port);
}

/** Whole path components: `…/team` covers `…/team/x` and not `…/team-evil/x`. */
function startsWith(url: URL, entry: string): boolean {
  const prefix = parsed(entry);
  if (prefix === null || prefix.protocol !== url.protocol || prefix.port !== url.port) return false;
  if (hostOf(prefix) !== hostOf(url) || /%2e|%2f|\/\.\.?(?:\/|$)/i.test(url.pathname)) return false;
  const base = prefix.pathname.replace(/\/+$/, "");
  return url.pathname === base || url.pathname.startsWith(`${base}/`);
}
