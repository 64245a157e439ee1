/** Lines of the audit trail and of the steward's record in words. Pure; whoever prints them escapes them. */
import type { ChainRecord, Json } from "../../system/chain.ts";

const said = (value: Json | undefined): string =>
  value === undefined || value === null
    ? ""
    : typeof value === "string"
      ? value
      : JSON.stringify(value);

const because = (value: Json | undefined): string => (said(value) === "" ? "" : `: ${said(value)}`);

const callOf = ({ step, index }: ChainRecord): string => `${said(step)}.${said(index)}`;

/** What was done, without when and by whom. Of kinds that it does not know, it says what is there. */
export function auditWords(record: ChainRecord): string {
  const { kind, why } = record;
  switch (kind) {
    case "task":
      return taskWords(record);
    case "model-call": {
      const tokens = `${said(record["input_tokens"])} tokens in, ${said(record["output_tokens"])} out`;
      const cost = `${tokens}, ${said(record["cost_usd"])} USD, ${said(record["latency_ms"])} ms`;
      const model = `${said(record["alias"])} by ${said(record["model"])}`;
      return `model call: ${model}, status ${said(record["status"])} (${cost})`;
    }
    case "tool-call": {
      const ran = record["runs"] === false ? "not run: " : "";
      const hash = said(record["args_sha256"]).slice(0, 12);
      return `tool ${callOf(record)} ${ran}${said(record["name"])} ${said(record["preview"])} (sha256 ${hash}…)`;
    }
    case "tool-result": {
      const end = record["interrupted"] === true ? "interrupted" : record["ok"] ? "ok" : "failed";
      const sent = said(record["sent"]) === "" ? "" : `, sent task ${said(record["sent"])}`;
      return `tool ${callOf(record)} ${end}, ${said(record["bytes"])} bytes${sent}${because(why)}`;
    }
    case "tool-held":
      return `tool ${callOf(record)} waits for ${said(record["wait_for"])}${because(why)}`;
    case "denied": {
      const rule = said(record["rule"]) === "" ? "" : `; rule: ${said(record["rule"])}`;
      return `denied (${said(record["code"])}): ${said(record["asked"])}${rule}`;
    }
    case "approval":
      return `approval ${said(record["id"])} ${said(record["state"])}${because(record["what"])}${because(why)}`;
    case "grant":
      return grantWords(record);
    case "allowance": {
      const task = `task ${said(record["task"])} of ${said(record["for"])}`;
      return `people agreed: ${task} may go on, ${said(record["slices"])} further amounts (${said(record["unit"])})`;
    }
    case "check":
      return `completion checks: ${said(record["passed"])} passed, ${said(record["failed"])} failed`;
    case "lost":
    case "gap":
    case "refused-events":
      return `${said(record["count"])} events are missing here (${kind})${because(why)}`;
    case "day-begins":
    case "day-ends":
      return `the file of a day ${kind === "day-begins" ? "begins" : "ends"}`;
    default:
      return JSON.stringify(record);
  }
}

function grantWords(record: ChainRecord): string {
  const left = said(record["left"]) === "" ? "" : `, ${said(record["left"])} left`;
  const call = said(record["index"]) === "" ? "" : ` by call ${callOf(record)}`;
  return `grant used: ${said(record["grant"])}${call}, use ${said(record["use"])}${left}`;
}

function taskWords(record: ChainRecord): string {
  const { state, why, from, trust } = record;
  const sender = `from ${said(from)} (uid ${said(record["from_uid"])}, ${said(trust)})`;
  const until = said(record["until"]) === "" ? "" : ` until ${said(record["until"])}`;
  switch (state) {
    case "claimed": {
      const reply = said(record["reply_to"]);
      return `task claimed, ${sender}${reply === "" ? "" : `, an answer to ${reply}`}`;
    }
    case "attempt": {
      const lines = record["journal_lines"];
      return lines === 0 ? "attempt begins" : `attempt goes on after ${said(lines)} journal lines`;
    }
    case "outcome":
      return `attempt ended: ${said(record["outcome"])}${because(why)}`;
    case "held":
      return `task held${until}, waits for ${said(record["wait_for"])}`;
    default:
      return `task ${said(state)}${until}${because(why)}`;
  }
}

/** A whole line: when, who, for which task, what. */
export function auditLine(record: ChainRecord): string {
  const { at, agent, uid, task } = record;
  const who = said(agent) === "" ? `uid ${said(uid)}` : said(agent);
  const of = said(task) === "" ? "" : ` [${said(task)}]`;
  return `${said(at)} ${who}${of} ${auditWords(record)}`;
}

/** A line of the steward's own record. */
export function actionWords(record: ChainRecord): string {
  if (record["event"] === "child-begins" || record["event"] === "child-ended")
    return childWords(record);
  const { event, id, by, request, status, error, why } = record;
  const { name } = (by ?? {}) as { readonly name?: Json };
  const { verb: asked, agent, can } = (request ?? {}) as Readonly<Record<string, Json>>;
  const target = [said(agent), said(can)].filter((part) => part !== "").join(" ");
  const verb = `${said(record["verb"]) || said(asked)}${target === "" ? "" : ` ${target}`}`;
  const end = said(status) === "" ? "" : `: ${said(status)}`;
  const reason = because(error) || because(why);
  return `steward, request ${said(id)} of ${said(name)}: ${said(event)} ${verb}${end}${reason}`;
}

/** Of a temporary agent, which may be long gone. */
function childWords(record: ChainRecord): string {
  const who = `${said(record["child"])}, ${said(record["role"])}`;
  const times = record["attempt"] === 2 ? ", second attempt" : "";
  const task = said(record["child_task"]) === "" ? "" : `, task ${said(record["child_task"])}`;
  const of = `temporary agent ${who} of ${said(record["parent"])}${times}${task}`;
  if (record["event"] === "child-begins") return `steward: ${of} begins`;
  const again = record["another_attempt"] === true ? "; it is tried once more" : "";
  return `steward: ${of}: ${said(record["status"])}${because(record["error"])}${again}`;
}
