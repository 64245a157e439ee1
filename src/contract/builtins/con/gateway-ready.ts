/**
 * `gateway_ready {}`: the gateway's socket listens, its service has not failed, and where it runs it answers.
 *
 * Never: wakes it. It ends by itself after a minute without a call, and each question of ours is a call: so
 * one that runs is asked at its first sight and then at most every ten minutes, or each time while it is ill.
 */
import { request } from "node:http";
import type { BuiltinCheck } from "../../types.ts";
import type { Places } from "./places.ts";
import { parseProperties } from "./systemd.ts";
import { judge, type Trouble, unable } from "./verdicts.ts";

const units = ["con-gateway.socket", "con-gateway.service"] as const;
const askEverySeconds = 600;
const deadlineMs = 5_000;

interface Memory {
  readonly boot: string;
  readonly invocation: string;
  readonly askedAt: number;
}

export const gatewayReady =
  (places: Places): BuiltinCheck =>
  async (_args, { memory, remember, signal }) => {
    const properties = "--property=Id,LoadState,ActiveState,SubState,Result,InvocationID";
    const result = await places.exec(["systemctl", "show", properties, "--", ...units]);
    if (result.code !== 0) return unable(`systemctl show ended with ${result.code}`);
    const states = parseProperties(result.stdout);
    const socket = states.get("con-gateway.socket");
    const service = states.get("con-gateway.service");
    const troubles = [...ofSocket(socket), ...ofService(service)];
    const last = memory as Memory | null;
    const now: Memory = {
      boot: places.bootId(),
      invocation: service?.["InvocationID"] ?? "",
      askedAt: places.uptime(),
    };
    if (service?.["ActiveState"] !== "active" || troubles.length > 0) {
      remember(null);
      return judge(troubles, "it waits to be called");
    }
    const same = last?.boot === now.boot && last.invocation === now.invocation;
    if (same && now.askedAt - last.askedAt < askEverySeconds) {
      remember(last);
      return judge([], "it runs, and answered a while ago");
    }
    const why = await ask(places.gatewaySocket, signal);
    remember(why === null ? now : null);
    return judge(why === null ? [] : [silent(why)], "it runs and answers");
  };

const look = "systemctl status con-gateway.socket con-gateway.service";

function ofSocket(state: Readonly<Record<string, string>> | undefined): Trouble[] {
  const { ActiveState: active = "unknown", SubState: sub = "unknown" } = state ?? {};
  if (active === "active" && (sub === "listening" || sub === "running")) return [];
  const found = `con-gateway.socket is ${active} (${sub}): no agent can call a model`;
  const remedy = "systemctl reset-failed con-gateway.socket; systemctl start con-gateway.socket";
  return [{ found, key: "gateway:socket", remedy }];
}

function ofService(state: Readonly<Record<string, string>> | undefined): Trouble[] {
  const { ActiveState: active = "unknown", SubState: sub = "", Result: result = "" } = state ?? {};
  if (active !== "failed" && !sub.startsWith("auto-restart")) return [];
  const found = `con-gateway.service ${active === "failed" ? "has failed" : "crashes"} (${result})`;
  const remedy = `journalctl -u con-gateway.service; ${look}`;
  return [{ found, key: `gateway:service:${result}`, remedy }];
}

const silent = (why: string): Trouble => ({
  found: `the gateway runs and does not answer: ${why}`,
  key: `gateway:silent:${why}`,
  remedy: "systemctl restart con-gateway.service; journalctl -u con-gateway.service",
});

/** Null when it listed its models; what went wrong otherwise. */
function ask(socketPath: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const asked = request({ socketPath, path: "/v1/models", agent: false, signal: limit });
    asked.once("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`);
    });
    asked.once("error", (error: NodeJS.ErrnoException) =>
      resolve(limit.aborted ? `not within ${deadlineMs / 1000} s` : (error.code ?? "an error")),
    );
    asked.end();
  });
}
