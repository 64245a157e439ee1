/**
 * What the steward needs of the machine to let a task spend more: the gateway, over its Unix socket as root; who
 * pays for a temporary agent; whether a task is there. Never: waits without bound, or follows a link of an agent.
 */
import fs from "node:fs";
import http from "node:http";
import { readGateway, readSystem } from "../config/compiled.ts";
import { withWalk } from "../host/walk.ts";
import { agentPaths } from "../spool/layout.ts";
import { errnoOf } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { isId } from "../task/id.ts";
import type { Allowance, Spending } from "./world.ts";

export const systemSpending: Spending = {
  allow: (allowance) => allowAt(readSystem().gateway, allowance),
  payersOf: (agent) => readGateway().callers.find(({ name }) => name === agent)?.payers ?? [],
  hasTask: (agent, task) => isId(task) && hasTask(readSystem().root, agent, task),
};

const timeoutMs = 15_000;
const maxAnswerBytes = 64 << 10;

/** `socketPath` is the gateway's. */
export async function allowAt(socketPath: string, allowance: Allowance): Promise<string | null> {
  const { status, text } = await post(socketPath, JSON.stringify(allowance));
  if (status === 200) return null;
  const why = `the gateway answered ${status}: ${messageIn(text)}`;
  if (status >= 500 || [408, 425, 429].includes(status)) throw later(why, null);
  return why;
}

const later = (why: string, cause: unknown): ConError =>
  new ConError(
    exit.tryLater,
    "what people approved could not be told to the gateway",
    why,
    "see systemctl status con-gateway.service; it is tried again",
    cause === null ? {} : { cause },
  );

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post(socketPath: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(later(errnoOf(error) ?? error.message, error));
    const call = http.request(
      {
        socketPath,
        agent: false,
        method: "POST",
        path: "/con/allow",
        signal: AbortSignal.timeout(timeoutMs),
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          if (text.length < maxAnswerBytes) text += part;
        });
        response.on("error", fail);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    call.on("error", fail);
    call.end(body);
  });
}

function messageIn(text: string): string {
  try {
    const value = JSON.parse(text) as { readonly error?: { readonly message?: unknown } } | null;
    if (typeof value?.error?.message === "string") return value.error.message.slice(0, 500);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return "no reason given";
}

/** Below a directory that belongs to the agent: nothing there is believed but that a file has that name. */
function hasTask(root: string, agent: string, task: string): boolean {
  const { active, held, deferred } = agentPaths(root, agent).queue;
  // Twice: it may go from one that is not looked at yet to one that was, and never has no name.
  return [active, held, deferred, active, held].some((place) => isFile(`${place}/${task}.task`));
}

function isFile(path: string): boolean {
  try {
    return withWalk("refuse", ({ entry }) => fs.lstatSync(entry(path)).isFile());
  } catch (error) {
    // Not there, or something else stands on the way to it.
    if (errnoOf(error) === null) throw error;
    return false;
  }
}
