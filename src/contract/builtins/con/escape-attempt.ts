/**
 * `escape_attempt {agents?}`: as an agent, inside a unit like its own, the violations are attempted, and every one
 * must fail. What stands in the way is not looked at: modes, mounts, filters and capabilities may each do.
 *
 * One agent of each tier each time, in turn, unless `agents` names some; held agents are passed over. An
 * attempt that could not be made is an error and never a pass. A runner that was taken over runs as the same
 * user: it can kill the canary, which is then an error, but neither trace it nor write its report.
 */

import net from "node:net";
import { readAgent } from "../../../config/compiled.ts";
import type { HealthAgent } from "../../../config/runtime.ts";
import { jsonOrNull } from "../../../system/json.ts";
import type { BuiltinCheck, HealthRuntime, Verdict } from "../../types.ts";
import {
  type Attempt,
  fateOf,
  gatewaySignal,
  gatewayTrace,
  type Plan,
  planFor,
  type Report,
} from "./canary-plan.ts";
import { removeScratch, runAsAgent } from "./canary-unit.ts";
import { freeAgents, type Places } from "./places.ts";
import { parseProperties } from "./systemd.ts";
import { judge, listIn, shown, skipped, type Trouble, unable } from "./verdicts.ts";

type Turn = Readonly<Record<string, string>>;

export const escapeAttempt =
  (places: Places): BuiltinCheck =>
  async (args, { health, memory, remember }) => {
    const free = freeAgents(places, health);
    const named = args["agents"] === undefined ? null : listIn(args, "agents");
    const chosen =
      named === null
        ? inTurn(free, (memory ?? {}) as Turn)
        : free.filter(({ name }) => named.includes(name));
    if (chosen.length === 0) return skipped("no agent is free to run");
    const host = await listenOnHost(places);
    if (typeof host === "string") return unable(host);
    try {
      const gatewayPid = await pidOfGateway(places);
      const tried = await Promise.all(
        chosen.map((agent) => attempt(places, health, agent, { gatewayPid, port: host.port })),
      );
      const still = (await pidOfGateway(places)) === gatewayPid;
      if (named === null)
        remember(Object.fromEntries(chosen.map(({ tier, name }) => [tier, name])));
      return verdictOf(tried, still);
    } finally {
      host.close();
      removeScratch(places);
    }
  };

/** Of each tier the agent after the one that was last, in the order of the alphabet. */
export function inTurn(agents: readonly HealthAgent[], last: Turn): HealthAgent[] {
  const sorted = [...agents].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...new Set(sorted.map(({ tier }) => tier))].flatMap((tier) => {
    const mates = sorted.filter((agent) => agent.tier === tier);
    return mates.find(({ name }) => name > (last[tier] ?? "")) ?? mates[0] ?? [];
  });
}

interface Tried {
  readonly agent: HealthAgent;
  readonly plan: Plan;
  readonly answer: Report | { readonly why: string } | "outdated";
}

async function attempt(
  places: Places,
  health: HealthRuntime,
  agent: HealthAgent,
  around: { readonly gatewayPid: number | null; readonly port: number },
): Promise<Tried> {
  const can = readAgent(agent.name, places.compiled).can;
  const port = can.network.length === 0 ? around.port : null;
  const plan = planFor(places, agent, { health, gatewayPid: around.gatewayPid, port });
  const ran = await runAsAgent(places, agent.name, JSON.stringify(plan));
  if (ran.kind === "outdated") return { agent, plan, answer: "outdated" };
  if (ran.kind === "failed") return { agent, plan, answer: { why: ran.why } };
  return { agent, plan, answer: parseReport(ran.text) ?? { why: "it printed no report" } };
}

function parseReport(text: string): Report | null {
  const value = jsonOrNull(text) as Report | null;
  return typeof value?.uid === "number" && Array.isArray(value.results) ? value : null;
}

/** What came off is worse than what could not be tried. */
function verdictOf(tried: readonly Tried[], gatewayStayed: boolean): Verdict {
  const looked = tried.map((one) => ({ ...one, ...read(one, gatewayStayed) }));
  const troubles = looked.flatMap(({ troubles }) => troubles);
  if (troubles.length > 0) return judge(troubles, "");
  const whys = looked.flatMap(({ agent, unable: why }) =>
    why === null ? [] : [`as ${agent.name}: ${why}`],
  );
  if (whys.length > 0) return unable(whys.join("; "));
  const names = tried.map(({ agent, plan }) => `${plan.attempts.length} attempts as ${agent.name}`);
  return judge([], `all refused: ${names.join(", ")}`);
}

interface Read {
  readonly troubles: readonly Trouble[];
  readonly unable: string | null;
}

function read({ agent, plan, answer }: Tried, gatewayStayed: boolean): Read {
  const { name } = agent;
  const unit = `con@${name}.service`;
  if (answer === "outdated") {
    const found = `${unit} was changed on disk and not read again`;
    const remedy = "systemctl daemon-reload";
    return { troubles: [{ found, key: `reload:${name}`, remedy }], unable: null };
  }
  if ("why" in answer) return { troubles: [], unable: answer.why };
  const escaped = (what: string, key: string): Trouble => ({
    found: `as ${name}: ${what}`,
    key: `escape:${name}:${key}`,
    agent: name,
    remedy: `systemctl cat ${unit} shows which drop-in takes the defence away; remove it; con bootstrap`,
  });
  if (answer.uid !== plan.uid)
    return { troubles: [escaped(`it runs with uid ${answer.uid}`, "uid")], unable: null };
  if (typeof answer.control === "string") return { troubles: [], unable: shown(answer.control) };
  const codes = new Map(answer.results.map(({ id, code }) => [id, code]));
  const made = plan.attempts.filter(({ id }) => gatewayStayed || !ofGateway.includes(id));
  const fates = made.map((one) => ({ one, fate: fateIn(codes, one) }));
  return {
    troubles: fates
      .filter(({ fate }) => fate === "done")
      .map(({ one }) => escaped(`could ${one.id}`, one.id)),
    unable:
      fates
        .filter(({ fate }) => fate === "unable")
        .map(({ one }) => `${one.id} ended with ${shown(String(codes.get(one.id)))}`)
        .join(", ") || null,
  };
}

const ofGateway: readonly string[] = [gatewaySignal, gatewayTrace];

function fateIn(codes: ReadonlyMap<string, string | null>, { id, kind }: Attempt) {
  const code = codes.get(id);
  return code === undefined ? "unable" : fateOf(kind, code);
}

interface Host {
  readonly port: number;
  readonly close: () => void;
}

/** Something to connect to, where PID 1 lives; in a network of our own it would prove nothing. */
function listenOnHost({ onHostNetwork }: Places): Promise<Host | string> {
  if (!onHostNetwork())
    return Promise.resolve("the evaluator has a network of its own, so none can be tried");
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(`cannot listen on 127.0.0.1 (${error.code ?? "an error"})`),
    );
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => server.close() });
    });
  });
}

async function pidOfGateway({ exec }: Places): Promise<number | null> {
  const result = await exec(["systemctl", "show", "--property=Id,MainPID", "con-gateway.service"]);
  const pid = Number(parseProperties(result.stdout).get("con-gateway.service")?.["MainPID"] ?? 0);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
}
