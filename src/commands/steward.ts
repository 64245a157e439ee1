/** `con steward`: what con-steward.service runs. Does what the requests in its inbox ask for. Root only. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readAgent, readHealth, readSystem } from "../config/compiled.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import { readAgentFile } from "../host/agent-file.ts";
import { layerInstaller } from "../host/layers/fetch.ts";
import { layerMachine } from "../host/layers/machine.ts";
import { readRegistry } from "../host/machine.ts";
import { observePeople } from "../host/observe.ts";
import { agentBase, bellOf, layerOrders } from "../host/paths.ts";
import { agentPaths } from "../spool/layout.ts";
import type { Mailbox } from "../spool/world.ts";
import { systemChildren } from "../steward/children/machine.ts";
import { systemHost } from "../steward/host.ts";
import { stewardPlaces } from "../steward/places.ts";
import { requesterOf } from "../steward/policy.ts";
import { serve } from "../steward/serve.ts";
import { systemSpending } from "../steward/spending.ts";
import type { StewardWorld } from "../steward/world.ts";
import { auditEntry } from "../system/audit-entry.ts";
import { type ChainRecord, openChain } from "../system/chain.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { lateJournal } from "../system/journal.ts";
import { takeLock } from "../system/lock.ts";
import { createLog } from "../system/log.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";

const example = `Run by con-steward.service when a request lies in /srv/con/steward/inbox. Does each, answers it in
/srv/con/steward/outbox, records it in /srv/con/logs/audit/actions.jsonl, and ends.

Exit code: 0 nothing waits any more, 75 something has to wait (full disk, bootstrap at work).

Example:
  systemctl status con-steward.path con-steward.service`;

/** Two at once would do a request twice. */
const lockFile = "/run/con/steward.lock";
/** Members of group trusted read the logs. */
const auditMode = 0o640;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("steward", "Do what the requests to the steward ask for.", example);
  if (parse(command, argv, io) === "help") return exit.ok;
  if (io.uid !== 0) {
    const why = "it acts on users, units and packet rules";
    throw new ConError(exit.permission, "steward", why, "con-steward.path starts it");
  }
  const lock = await takeLock(nodeDisk, lockFile);
  if (lock === null) return exit.tryLater;
  const journal = lateJournal();
  try {
    return await serve({
      disk: nodeDisk,
      now: io.now,
      randomBytes,
      log: createLog(),
      places: stewardPlaces,
      requester: (uid) => requesterOf(uid, observePeople(), readRegistry()),
      agents: () => readSystem().agents,
      runtime: deployed,
      frontDesk: () => readSystem().frontDesk,
      hasData: (agent) => existsSync(agentBase(agent)),
      agentFile: ({ name, uid }, path, most) =>
        readAgentFile(join(agentBase(name), path), uid, most),
      tryContract,
      mailboxOf,
      record: (entry) => {
        record(entry);
        journal.send(auditEntry("steward", entry));
      },
      host: systemHost,
      spending: systemSpending,
      children: systemChildren,
      layers: {
        ...layerMachine,
        orders: layerOrders,
        installer: layerInstaller,
        forge: () => readSystem().forge ?? null,
      },
    });
  } finally {
    await journal.end();
    lock.release();
  }
}

/** As root compiled it: what /etc/con says since then does not count yet. */
function deployed(agent: string): AgentRuntime | null {
  try {
    return readAgent(agent);
  } catch (error) {
    if (error instanceof ConError) return null;
    throw error;
  }
}

function mailboxOf(agent: string): Mailbox | null {
  const entry = readSystem().agents.find(({ name }) => name === agent);
  if (entry === undefined) return null;
  const bell = entry.wake === "bell" ? bellOf(agent) : null;
  return { inbox: agentPaths(readSystem().root, agent).inbox, bell };
}

/** Opened each time: what a failed append left is put right by the next opening. */
function record(entry: ChainRecord): void {
  const chain = openChain(nodeDisk, stewardPlaces.audit, auditMode);
  try {
    chain.append([entry]);
  } finally {
    chain.close();
  }
}

/** The checks are many, and few requests need them. */
const tryContract: StewardWorld["tryContract"] = async (proposed) => {
  const [{ lookAtProposed }, { createBuiltins }] = await Promise.all([
    import("../contract/proposed.ts"),
    import("../contract/builtins/index.ts"),
  ]);
  const builtins = createBuiltins({}, null);
  return lookAtProposed(proposed, { health: readHealth(), builtins, now: Date.now });
};
