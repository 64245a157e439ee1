/** What went wrong on the way to a site, in words that hold none of the other side. Pure. */
import { errnoOf } from "../system/disk.ts";
import { reasonOf } from "../system/errors.ts";

/** Of OpenSSL's verification and of TLS itself; the code is kept, as people look for it. */
const tlsWords: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet, or the clock here is wrong",
  CERT_REVOKED: "its certificate was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself alone",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate comes from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its certificate comes from an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate comes from an authority that is not trusted here",
  ERR_SSL_WRONG_VERSION_NUMBER: "what answers there does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "what answers there does not speak TLS",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it speaks only versions of TLS that are broken",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "it speaks only versions of TLS that are broken",
};

export function troubleWords(error: unknown): string {
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError"))
    return "it took too long";
  const code = errnoOf(error);
  if (code === null) return reasonOf(error).slice(0, 200);
  const words = Object.hasOwn(tlsWords, code) ? tlsWords[code] : undefined;
  return words === undefined ? code : `${words} (${code})`;
}
