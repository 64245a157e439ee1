/**
 * One GET without a browser: redirects followed here, each checked like the first; body handed on as it comes.
 *
 * Never: sends a cookie or a key it was not given, keeps a body in memory, follows more than ten redirects.
 */
import http from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { decoded } from "./body.ts";
import { type Dial, NoWay } from "./dial.ts";
import { type Target, targetOf, webUrl } from "./target.ts";
import { troubleWords } from "./trouble.ts";

export interface GetDeps {
  readonly dial: Dial;
  readonly userAgent: string;
}

export interface Got {
  readonly url: URL;
  readonly status: number;
  readonly type: string;
  readonly charset: string | null;
  readonly name: string | null;
  readonly isAttachment: boolean;
  /** As the server announces it, or null. */
  readonly length: number | null;
  /** Seconds, where the server names some. */
  readonly retryAfter: number | null;
  /** Decoded; an error of it is a NoWay. Destroy it to end the connection. */
  readonly body: Readable;
}

const maxRedirects = 10;

const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/** Throws NoWay for all that a site or the network can do. */
export async function get(
  deps: GetDeps,
  start: URL,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Got> {
  let url = start;
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const response = await ask(deps, url, signal, headers);
    const next = redirectOf(response);
    if (next === null) return gotOf(url, response, signal);
    response.destroy();
    const found = webUrl(next, url);
    if (!found.ok)
      throw new NoWay("refused", `${url.host} redirects to ${next.slice(0, 200)}: ${found.why}`);
    // What was meant for one host is not for the next.
    if (found.value.origin !== start.origin && Object.keys(headers).length > 0)
      throw new NoWay(
        "refused",
        `${url.host} redirects to another site, where the key does not go`,
      );
    url = found.value;
  }
  throw new NoWay("failed", `${start.host}: more than ${maxRedirects} redirects`);
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const redirectOf = ({ statusCode = 0, headers }: http.IncomingMessage): string | null =>
  redirects.has(statusCode) && headers.location !== undefined ? headers.location : null;

async function ask(
  { dial, userAgent }: GetDeps,
  url: URL,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<http.IncomingMessage> {
  const target = targetOf(url);
  const plain = await dial(target, signal);
  const socket = url.protocol === "https:" ? await secure(plain, target, signal) : plain;
  return new Promise((resolve, reject) => {
    const request = http.request({
      createConnection: () => socket,
      method: "GET",
      path: `${url.pathname}${url.search}`,
      setHost: false,
      signal,
      headers: {
        host: url.host,
        "user-agent": userAgent,
        accept,
        "accept-language": "en,*;q=0.5",
        "accept-encoding": "gzip, deflate, br",
        connection: "close",
        ...headers,
      },
      maxHeaderSize: 64 * 1024,
    });
    request.once("error", (error) => {
      socket.destroy();
      reject(new NoWay("failed", `${url.host}: ${troubleWords(error)}`));
    });
    request.once("response", resolve);
    request.end();
  });
}

function secure(plain: Socket, { host, port }: Target, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const isName = !/^[\d.]+$|:/.test(host);
    const tls = connectTls({ socket: plain, ...(isName ? { servername: host } : { host }) });
    const fail = (error: unknown): void => {
      signal.removeEventListener("abort", stop);
      plain.destroy();
      reject(
        new NoWay("failed", `${host}:${port}: no trusted TLS connection: ${troubleWords(error)}`),
      );
    };
    const stop = (): void => fail(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    tls.once("error", fail);
    tls.once("secureConnect", () => {
      signal.removeEventListener("abort", stop);
      tls.removeListener("error", fail);
      resolve(tls);
    });
  });
}

function gotOf(url: URL, response: http.IncomingMessage, signal: AbortSignal): Got {
  const { statusCode = 0, headers } = response;
  const [type = "", ...parameters] = (headers["content-type"] ?? "").split(";");
  const disposition = headers["content-disposition"] ?? "";
  const encoded = headers["content-encoding"] !== undefined;
  const length = Number(headers["content-length"]);
  return {
    url,
    status: statusCode,
    type: type.trim().toLowerCase(),
    charset: parameterOf(parameters, "charset"),
    name: parameterOf(disposition.split(";").slice(1), "filename"),
    isAttachment: /^\s*attachment/i.test(disposition),
    length:
      encoded || !Number.isSafeInteger(length) || headers["content-length"] === undefined
        ? null
        : length,
    retryAfter: secondsIn(headers["retry-after"]),
    body: decoded(url, response, signal),
  };
}

const secondsIn = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,7}$/.test(text.trim()) ? Number(text) : null;

function parameterOf(parameters: readonly string[], name: string): string | null {
  const found = parameters
    .map((one) => /^\s*([\w*]+)\s*=\s*"?([^"]*)"?\s*$/.exec(one))
    .find((one) => one?.[1]?.toLowerCase() === name);
  return found?.[2]?.trim() ?? null;
}
