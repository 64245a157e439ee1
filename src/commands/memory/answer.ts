/**
 * `con memory answer`: opens the memory of an agent and answers one request. Runs as the agent, because the agent
 * may have put anything in place of the file; so it must never run as root.
 */

import { MemoryError } from "../../memory/errors.ts";
import { type MemoryOptions, type MemoryStore, openMemory } from "../../memory/memory.ts";
import type { Changed, Source } from "../../memory/types.ts";
import { writeIndex } from "../../runner/memory/index-file.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type Answered, readAsked } from "../shared/ask-as-agent.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import type { Asked } from "./request.ts";

const example = `Run by the other commands, as the user of the agent. One JSON request on standard input, one JSON answer.

Example:
  con memory show concierge`;

export async function answerAsAgent(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("memory answer", "Answer one request about a memory.", example);
  if (parse(command, argv, io) === "help") return exit.ok;
  const asked = (await readAsked(io, "memory answer")) as Asked;
  io.out(`${JSON.stringify(await answer(asked, io.now))}\n`);
  return exit.ok;
}

/** What goes wrong is an answer too: the one who asked says it to the person. */
export async function answer(asked: Asked, now: () => number): Promise<Answered> {
  try {
    return await answered(asked, now);
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    return { ok: false, code: error.code, why: error.why, remedy: error.remedy };
  }
}

async function answered({ state, by, request }: Asked, now: () => number): Promise<Answered> {
  const isChange = request.verb === "forget" || request.verb === "restore";
  const path = `${state}/memory.db`;
  const store = await openCurrent({ disk: nodeDisk, path, now, readonly: !isChange });
  try {
    const everybody = store.principals();
    const actor: Source = { task: null, from: by, trust: "verified", call: null };
    switch (request.verb) {
      case "search": {
        const { query: text, limit } = request;
        const { hits } = await store.search({ principals: everybody, text, limit });
        return fine({ memories: hits });
      }
      case "categories":
        return fine({
          categories: everybody.flatMap((owner) =>
            store.categories([owner]).map((category) => ({ owner, ...category })),
          ),
        });
      case "threads":
        return fine({ threads: store.threads.threads(everybody) });
      case "show": {
        const whole = store.show(everybody, request.id);
        return whole === null ? missing(request.id) : fine(whole);
      }
      case "forget":
      case "restore": {
        const changed = store[request.verb](everybody, request.id, actor);
        writeIndex(nodeDisk, { state }, store);
        return changedAs(changed);
      }
    }
  } finally {
    store.close();
  }
}

/** One of an earlier version is brought up to date, as the agent's next run would. */
async function openCurrent(options: MemoryOptions): Promise<MemoryStore> {
  try {
    return await openMemory(options);
  } catch (error) {
    if (!(error instanceof MemoryError) || error.trouble !== "older") throw error;
    return openMemory({ ...options, readonly: false });
  }
}

const fine = (value: unknown): Answered => ({ ok: true, value });

const missing = (id: string): Answered => refused(`there is no memory ${id.slice(0, 40)}`);

const changedAs = (changed: Changed): Answered =>
  changed.outcome === "done" ? fine({ id: changed.id }) : refused(changed.why);

const refused = (why: string): Answered => ({
  ok: false,
  code: exit.badInput,
  why,
  remedy: "see con memory show NAME",
});
