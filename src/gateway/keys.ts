/**
 * The keys, read from systemd's credential directory at each call, so that a changed credential needs
 * no reload of ours. Never: logs a key, returns it in an error, or sends it in clear text to a public
 * address.
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import type { Provider } from "../config/types.ts";
import { errnoOf } from "../system/disk.ts";

export type Key =
  | { readonly ok: true; readonly key: string | null }
  | { readonly ok: false; readonly why: string /** Not there. */; readonly isMissing: boolean };

export type ReadKey = (provider: Provider) => Key;

/** `directory` is `$CREDENTIALS_DIRECTORY`, or null where there are no credentials. */
export function keyReader(directory: string | null): ReadKey {
  return (provider) => {
    const { credential, baseUrl } = provider;
    if (credential === null) return { ok: true, key: null };
    if (!isPrivateEnough(baseUrl)) {
      const why = `a key is not sent to ${baseUrl} without TLS: use https`;
      return { ok: false, why, isMissing: false };
    }
    const why = `no credential "${credential}": run con credential set ${credential}`;
    const missing: Key = { ok: false, why, isMissing: true };
    if (directory === null) return missing;
    try {
      const key = readFileSync(join(directory, credential), "utf8").trim();
      return key === "" ? missing : { ok: true, key };
    } catch (error) {
      if (errnoOf(error) === null) throw error;
      return missing;
    }
  };
}

/** TLS, or an address that does not leave the local network (RFC 1918, RFC 4193, loopback). */
export function isPrivateEnough(baseUrl: string): boolean {
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === "https:") return true;
  const host = hostname.replace(/^\[|\]$/g, "");
  if (host === "localhost" || host === "::1") return true;
  if (isIP(host) === 6) return /^f[cd]/.test(host);
  return isIP(host) === 4 && /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(host);
}
