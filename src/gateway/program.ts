/**
 * The gateway as a program: listens where systemd or `con dev` says, ends when nobody calls any more.
 *
 * A cold start loads only this; koffi, SQLite and the OpenAI client come with the first call that needs
 * them. After a crash systemd's socket still holds the waiting callers, and starts it again.
 */
import type http from "node:http";
import type { GatewayRuntime } from "../config/runtime.ts";
import { auditEntry } from "../system/audit-entry.ts";
import type { ChainRecord } from "../system/chain.ts";
import { nodeDisk } from "../system/disk.ts";
import type { SendEntry } from "../system/journal.ts";
import type { Log } from "../system/log.ts";
import type { ReadPeer } from "../system/peercred.ts";
import { audited } from "./audit/ledger.ts";
import { type Audit, openAudit } from "./audit.ts";
import { keyReader, type ReadKey } from "./keys.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { createFairQueue } from "./queue.ts";
import { createGatewayServer } from "./server.ts";
import { upstreamCache } from "./upstream.ts";

export interface GatewayOptions {
  /** The configuration as it is now: asked for before each request. */
  readonly current: () => GatewayRuntime;
  /** A descriptor that already listens (systemd), or a path to listen on. */
  readonly listen: { readonly fd: number } | { readonly path: string };
  /** `$CREDENTIALS_DIRECTORY`, or null. */
  readonly credentials: string | null;
  readonly readPeer: Promise<ReadPeer>;
  readonly log: Log;
  /** Ends after this long without a connection; null = never. */
  readonly idleMs: number | null;
  /** Replaces the credential directory, for `con dev`. */
  readonly readKey?: ReadKey;
  /** Where each line of the audit trail goes too; none for `con dev`. */
  readonly journal?: Promise<SendEntry | null>;
  /** Milliseconds since the epoch; the clock of this machine where there is none. */
  readonly now?: () => number;
}

export interface Gateway {
  /** Resolves once it listens. */
  readonly listening: Promise<void>;
  /** Resolves when it has ended: all calls answered, ledger closed. */
  readonly ended: Promise<void>;
  /** No new calls; those under way are finished. */
  readonly stop: () => void;
}

const waitingPerUid = 256;

export function startGateway(options: GatewayOptions): Gateway {
  const { current, log } = options;
  const { ledger: ledgerPath, audit: directory } = current();
  const now = options.now ?? (() => performance.timeOrigin + performance.now());
  const audit = auditOf(options, directory, now);
  let ledger: Promise<Ledger> | null = null;
  const openOnce = (): Promise<Ledger> => {
    ledger ??= openLedger(ledgerPath).then(
      (open) => audited(open, audit),
      (error: unknown) => {
        // The next call tries again: a full disk may have room by then.
        ledger = null;
        throw error;
      },
    );
    return ledger;
  };
  const server = createGatewayServer({
    current,
    log,
    now,
    audit,
    readKey: options.readKey ?? keyReader(options.credentials),
    open: upstreamCache(),
    firstModels: new Map(),
    queue: createFairQueue(() => current().maxConcurrent, waitingPerUid),
    ledger: openOnce,
    readPeer: options.readPeer,
  });
  const stop = () => {
    server.close();
    server.closeIdleConnections();
  };
  if (options.idleMs !== null) stopWhenIdle(server, options.idleMs, stop);
  const ended = new Promise<void>((resolve) => {
    server.once("close", () => {
      audit.close();
      resolve(ledger?.then((open) => open.close()) ?? undefined);
    });
  });
  return { listening: listen(server, options.listen), ended, stop };
}

function auditOf({ log, journal }: GatewayOptions, directory: string, now: () => number): Audit {
  let send: SendEntry | null = null;
  void journal?.then((loaded) => {
    send = loaded;
  });
  const also = (record: ChainRecord): void => send?.(auditEntry("agents", record));
  return openAudit({ disk: nodeDisk, directory, now, log, also });
}

function listen(server: http.Server, where: GatewayOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

function stopWhenIdle(server: http.Server, idleMs: number, stop: () => void): void {
  let open = 0;
  let timer = setTimeout(stop, idleMs);
  server.on("connection", (socket) => {
    open += 1;
    clearTimeout(timer);
    socket.once("close", () => {
      open -= 1;
      if (open === 0) timer = setTimeout(stop, idleMs);
    });
  });
}
