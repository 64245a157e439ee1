/**
 * `POST /con/allow`: people agreed that a task may go on spending. From root only, as the kernel names it: the
 * steward asks once the last of them agreed.
 *
 * The body is `{"agent", "task", "unit": "usd" | "tokens", "slices"}`. Answered with 200 and `{"slices": N}` when
 * at least so many are allowed and durable; the same request again changes nothing. Before it is done it stands
 * in the audit trail. After a crash: either all of it holds, or root asks again.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayCaller, GatewayRuntime } from "../config/runtime.ts";
import { type Audit, reason } from "./audit.ts";
import { jsonOf, readSmall } from "./body.ts";
import { maxSlices } from "./budget.ts";
import type { Allowance } from "./ledger/allowances.ts";
import type { Ledger } from "./ledger.ts";
import { type Problem, problem } from "./problem.ts";
import { maxTaskChars } from "./request.ts";

export interface AllowDeps {
  readonly runtime: GatewayRuntime;
  readonly audit: Pick<Audit, "write" | "denied">;
  readonly ledger: () => Promise<Ledger>;
}

const mostBytes = 4096;

/** What went wrong, or null when it was answered. */
export async function serveAllow(
  deps: AllowDeps,
  caller: GatewayCaller,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Problem | null> {
  if (caller.uid !== 0) {
    const asked = "allow a task to spend more: only root may, after people agreed";
    deps.audit.denied(caller, { code: "not_granted", asked });
    return problem(403, asked);
  }
  const bytes = await readSmall(request, mostBytes);
  if (bytes === null) return problem(413, `more than ${mostBytes} bytes`);
  const found = allowanceIn(bytes, deps.runtime);
  if ("status" in found) return found;
  const slices = await write(deps, caller, found);
  if (typeof slices !== "number") return slices;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ slices }));
  return null;
}

async function write(
  { audit, ledger }: AllowDeps,
  caller: GatewayCaller,
  allowance: Allowance,
): Promise<number | Problem> {
  const { holder, unit, slices } = allowance;
  try {
    const open = await ledger();
    const { name, task } = holder;
    audit.write(caller, [{ kind: "allowance", for: name, task, unit, slices, source: "gateway" }]);
    return open.allow(allowance);
  } catch (error) {
    return problem(503, `an allowance cannot be written: ${reason(error)}`, 5);
  }
}

function allowanceIn(bytes: Buffer, { callers }: GatewayRuntime): Allowance | Problem {
  const value = jsonOf(bytes);
  const { agent, task, unit, slices } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isTask = typeof task === "string" && task !== "" && task.length <= maxTaskChars;
  if (!isTask) return problem(400, `\`task\` must be a text of 1 to ${maxTaskChars} characters`);
  if (unit !== "usd" && unit !== "tokens") return problem(400, "`unit` must be usd or tokens");
  const isCount = typeof slices === "number" && Number.isSafeInteger(slices);
  if (!isCount || slices < 1 || slices > maxSlices)
    return problem(400, `\`slices\` must be a number from 1 to ${maxSlices}`);
  const found = callers.find(({ uid, name }) => name === agent && uid !== 0);
  if (found === undefined) return problem(404, "`agent` must name an agent of this system");
  const { uid, name } = found;
  return { holder: { uid, name, task }, unit, slices };
}
