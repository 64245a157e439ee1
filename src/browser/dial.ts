/**
 * The only way out: a name is looked up here, its addresses are checked, and the connection goes to the very
 * address that was checked, so that a second look-up cannot change it.
 *
 * Never: lets what is on the public web lead to a host that people excepted. Only a request that begins at one reaches
 * others.
 */
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { errnoOf } from "../system/disk.ts";
import {
  type Exceptions,
  isAddressOpen,
  isExcepted,
  isLiteral,
  isPortOpen,
  isWebPort,
  type Target,
} from "./target.ts";

/** `refused`: by rule. `failed`: the network. */
export class NoWay extends Error {
  override readonly name = "NoWay";
  readonly kind: "refused" | "failed";
  constructor(kind: NoWay["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface DialDeps {
  readonly exceptions: Exceptions;
  /** Addresses of a name; rejects with an errno of getaddrinfo(3). */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** Of this machine. */
  readonly own: () => ReadonlySet<string>;
  /** Resolves when it is connected. */
  readonly connect: (address: string, port: number, signal: AbortSignal) => Promise<Socket>;
}

export type Dial = (target: Target, signal: AbortSignal) => Promise<Socket>;

/** Of one host's addresses so many are tried. */
const maxTries = 3;

/** Of one request: its first connection decides whether exceptions are for it. */
export function createDial(deps: DialDeps): Dial {
  let begins: "public" | "excepted" | null = null;
  const openOf = (target: Target, all: readonly string[]): string[] => {
    const own = deps.own();
    const open = (exceptions: Exceptions) =>
      all.filter((address) => isAddressOpen(exceptions, target, address, own));
    const anyway = open([]);
    const needs = isExcepted(deps.exceptions, target) || anyway.length === 0;
    begins ??= needs ? "excepted" : "public";
    return begins === "public" ? anyway : open(deps.exceptions);
  };
  return async (target, signal) => {
    const where = `${target.host}:${target.port}`;
    if (!isPortOpen(deps.exceptions, target)) throw new NoWay("refused", `${where}: ${portWords}`);
    const all = isLiteral(target) ? [target.host] : await resolved(deps, target.host, signal);
    const open = openOf(target, all);
    if (open.length === 0)
      throw new NoWay("refused", `${where}: ${isWebPort(target) ? privateWords : portWords}`);
    return connected(deps, target, open, signal);
  };
}

async function connected(
  deps: DialDeps,
  { host, port }: Target,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Socket> {
  let last = "";
  for (const address of addresses.slice(0, maxTries)) {
    try {
      return await deps.connect(address, port, signal);
    } catch (error) {
      last = wordOf(error);
      if (signal.aborted) break;
    }
  }
  throw new NoWay("failed", `${host}:${port}: no connection: ${last}`);
}

const portWords = "this port is not one of web servers";
const privateWords =
  "its address is a private, local or special one, which con's web never reaches (web.allow in con.yaml excepts some, which the public web does not lead to)";

async function resolved(deps: DialDeps, host: string, signal: AbortSignal): Promise<string[]> {
  const over = new Promise<never>((_, reject) => {
    const end = () =>
      reject(new NoWay("failed", `${host}: its name could not be looked up in time`));
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
  });
  // Whoever loses the race is not waited for.
  over.catch(() => undefined);
  try {
    return [...(await Promise.race([deps.resolve(host), over]))];
  } catch (error) {
    if (error instanceof NoWay) throw error;
    throw new NoWay("failed", `${host}: no address is known for this name (${wordOf(error)})`);
  }
}

const wordOf = (error: unknown): string => errnoOf(error) ?? String(error);

export const systemDial = (exceptions: Exceptions): Dial =>
  createDial({
    exceptions,
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    own: () =>
      new Set(
        Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address)),
      ),
    connect: connectTo,
  });

const connectMs = 10_000;

function connectTo(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal });
    socket.setTimeout(connectMs, () => socket.destroy(timeout()));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeListener("error", reject);
      // Whoever uses it sees that it closed.
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}

const timeout = (): Error => Object.assign(new Error("timeout"), { code: "ETIMEDOUT" });
