/**
 * Everything that `con dev` runs: the gateway and the watching of inboxes, in this one process.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { AgentRuntime, SystemRuntime } from "../../config/runtime.ts";
import type { Provider } from "../../config/types.ts";
import { keyReader, type ReadKey } from "../../gateway/keys.ts";
import { type Gateway, startGateway } from "../../gateway/program.ts";
import { runAgent } from "../../runner/program.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit, reasonOf } from "../../system/errors.ts";
import { takeLock } from "../../system/lock.ts";
import { type Log, printable } from "../../system/log.ts";
import { loadPeerReader } from "../../system/peercred.ts";
import type { Io } from "../shared/io.ts";
import { type DevPlaces, devPlaces } from "../shared/places.ts";
import { compileDev, type DevRuntimes, environmentProvider } from "./compile.ts";
import { readConfiguration } from "./configuration.ts";
import { makeFolders, seedProfile, writeCompiled } from "./seed.ts";
import { watchAgents } from "./watch.ts";

export interface Dev {
  readonly agents: readonly string[];
  /** Ends the gateway and the sessions; `stop` must have come before. */
  readonly close: () => Promise<void>;
}

/** As con-sweep.timer. */
const sweepMs = 30_000;

export async function startDev(
  io: Io,
  wanted: DevPlaces,
  log: Log,
  stop: AbortSignal,
): Promise<Dev> {
  nodeDisk.makeDirectory(wanted.own, 0o700);
  // Policies compare with what the kernel says, so the root is named as the kernel names it.
  const places = devPlaces(realpathSync.native(wanted.root));
  const lock = await takeLock(nodeDisk, join(places.own, "lock"));
  if (lock === null) {
    const why = "another con dev runs in this directory";
    throw new ConError(exit.tryLater, places.root, why, "use that one, or end it first");
  }
  const socket = socketPath(places);
  const runtimes = prepare(io, places, socket, log);
  const gateway = openGateway(io, runtimes, socket, log);
  await gateway.listening;
  const watching = await watchAgents(
    { disk: nodeDisk, root: places.root, now: io.now, sweepMs, run: runner(runtimes, log, stop) },
    runtimes.agents,
  );
  const close = async (): Promise<void> => {
    await watching.close();
    gateway.stop();
    await gateway.ended;
    removeSocket(places, socket);
    lock.release();
  };
  return { agents: runtimes.agents.map(({ name }) => name), close };
}

function prepare(io: Io, places: DevPlaces, socket: string, log: Log): DevRuntimes {
  if (seedProfile(places)) log.info("copied the default profile", { to: places.etc });
  const tell = (complaint: string): void => io.err(`con: ${printable(complaint)}\n`);
  const { config, assembled } = readConfiguration(places.etc, tell);
  const endpoint = endpointOf(io.env);
  const runtimes = compileDev(config, { places, uid: io.uid, socket, endpoint, assembled });
  makeFolders(
    nodeDisk,
    places,
    config.agents.map(({ name }) => name),
  );
  writeCompiled(nodeDisk, places, runtimes, assembled);
  return runtimes;
}

/** Linux: sun_path has 108 bytes (unix(7)); a deep directory gets its socket elsewhere. */
const longestSocketPath = 107;

function socketPath(places: DevPlaces): string {
  const path = join(places.own, "gateway.sock");
  const fits = Buffer.byteLength(path) <= longestSocketPath;
  const chosen = fits ? path : join(mkdtempSync(join(tmpdir(), "con-dev-")), "gateway.sock");
  // The lock is ours, so a socket that lies there was left by a crash.
  rmSync(chosen, { force: true });
  return chosen;
}

function removeSocket(places: DevPlaces, socket: string): void {
  rmSync(socket, { force: true });
  if (dirname(socket) !== places.own) rmSync(dirname(socket), { recursive: true });
}

const defaultBaseUrl = "https://api.openai.com/v1";

/** A key alone means the endpoint that its name comes from, as in every OpenAI client. */
function endpointOf(env: NodeJS.ProcessEnv): Provider | null {
  const url = env["OPENAI_BASE_URL"] || null;
  const key = env["OPENAI_API_KEY"] || null;
  if (url === null && key === null) return null;
  return { baseUrl: url ?? defaultBaseUrl, credential: key === null ? null : environmentProvider };
}

function openGateway(io: Io, { gateway }: DevRuntimes, path: string, log: Log): Gateway {
  return startGateway({
    current: () => gateway,
    listen: { path },
    credentials: null,
    readKey: environmentKey(io.env),
    readPeer: loadPeerReader(),
    log,
    idleMs: null,
  });
}

/** The environment's key in memory only; other credentials need systemd, which is not here. */
function environmentKey(env: NodeJS.ProcessEnv): ReadKey {
  const key = env["OPENAI_API_KEY"] ?? "";
  const others = keyReader(null);
  return (provider) =>
    provider.credential === environmentProvider ? { ok: true, key } : others(provider);
}

/** A session per agent; true when it may be called again at once. */
function runner({ system }: DevRuntimes, log: Log, stop: AbortSignal) {
  const anonymous = withoutUids(system);
  return async (agent: AgentRuntime): Promise<boolean> => {
    try {
      const code = await runAgent({ system: anonymous, agent, isolation: "none", stop });
      return code === exit.ok;
    } catch (error) {
      const why = reasonOf(error);
      log.error("a session broke off; it is tried again later", { agent: agent.name, why });
      return false;
    }
  };
}

/** All agents are the same user here: a task of that user comes from the person, never an agent. */
const withoutUids = (system: SystemRuntime): SystemRuntime => ({
  ...system,
  agents: system.agents.map((agent) => ({ ...agent, uid: -1 })),
});
