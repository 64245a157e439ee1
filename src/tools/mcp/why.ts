/**
 * What went wrong between us and a server, as words of con apart from those of the server. Pure.
 *
 * Never: a word of the server in `why`; more than `mostSaid` characters of it in `said`.
 */
import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { errnoOf } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import type { Why } from "./types.ts";

const mostSaid = 2_000;

/** Broken by a bound of ours. */
export class Bound extends Error {
  override readonly name = "Bound";
}

/** Stands in the error that takes the place of an answer whose stream has ended without it. No server can send it. */
export const lost: unique symbol = Symbol("lost");

export const plainWhy = (why: string): Why => ({ why, said: "" });

export const saidOf = (text: string): string =>
  text.length <= mostSaid ? text : `${text.slice(0, mostSaid).toWellFormed()} … (cut)`;

const unreached = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"];

/** A call answered so was turned away at the door. */
const turnedAway = [400, 401, 403, 404, 405, 406, 415, 429];

/** What servers answer to a session that they do not know any more: 404, and many of them 400. */
const forgotten = [400, 404];

const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

const statusOf = (error: unknown): number | null =>
  error instanceof StreamableHTTPError && error.code !== undefined && error.code > 0
    ? error.code
    : null;

/** The server has not begun what it was asked. */
export const isBeforeIt = (error: unknown): boolean =>
  turnedAway.includes(statusOf(error) ?? 0) || isUnreached(error);

const isUnreached = (error: unknown): boolean =>
  unreached.includes(errnoOf(causeOf(error)) ?? "") || isTls(codeOf(causeOf(error)));

/** Not begun, and a new connection may mend it. */
export const isMendable = (error: unknown): boolean =>
  forgotten.includes(statusOf(error) ?? 0) || unreached.includes(errnoOf(causeOf(error)) ?? "");

export const isLost = (error: unknown): boolean => error instanceof McpError && error.data === lost;

/** Of the system, of Node, of OpenSSL; empty where there is none. */
export const codeOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? code : "";
};

/** Of OpenSSL's verification, and of Node's own check of the name. */
const isTls = (code: string): boolean =>
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH)/.test(
    code,
  );

export function whyOf(error: unknown): Why {
  const cause = causeOf(error);
  const bound = [error, cause].find((one) => one instanceof Bound);
  if (bound !== undefined) return plainWhy(reasonOf(bound));
  if (isLost(error)) return plainWhy("it broke off before its answer");
  if (error instanceof McpError) return { why: ofProtocol(error), said: saidOf(error.message) };
  const said = saidOf(cause === error ? reasonOf(error) : `${reasonOf(error)}: ${reasonOf(cause)}`);
  const status = statusOf(error);
  if (status !== null) return { why: ofStatus(status), said };
  const code = codeOf(cause);
  if (isTls(code)) return { why: `its certificate is not accepted (${code})`, said };
  if (code !== "") return { why: `it cannot be reached (${code})`, said };
  return { why: "what it says is no answer of the protocol", said };
}

function ofProtocol({ code }: McpError): string {
  if (code === ErrorCode.ConnectionClosed) return "the connection was closed";
  if (code === ErrorCode.RequestTimeout) return "it gave no answer in time";
  return `it answered with error ${code}`;
}

function ofStatus(status: number): string {
  if (status === 401)
    return (
      "it wants a key (401): a person gives it one by con credential set and credentials of the server in the " +
      "manifest; con speaks no OAuth"
    );
  if (status === 403) return "it turned us away (403): its key is wrong, or may not do this";
  if (status >= 300 && status < 400)
    return `it redirects to another origin (${status}), which is not followed`;
  return `it answered with status ${status}`;
}
