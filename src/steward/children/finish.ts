/**
 * The end of a record: the request is answered with what all children said, and only then the record goes. Done
 * again after a crash it is the same answer to the same request.
 */
import type { Spawn } from "../../host/children/types.ts";
import { writeAnswer } from "../answer.ts";
import { brief, who } from "../recorded.ts";
import { replyToAgent } from "../reply.ts";
import type { StewardAnswer } from "../types.ts";
import type { StewardWorld } from "../world.ts";
import { removeSpawn } from "./store.ts";
import { endings, shortfall, wordsOf } from "./words.ts";

/** Every place has its result, and no child is left. */
export function finish(world: StewardWorld, spawn: Spawn): void {
  const error = shortfall(spawn);
  const deed = {
    status: error === null ? ("done" as const) : ("failed" as const),
    error,
    changes: endings(spawn),
    undo: null,
  };
  const by = who(world.requester(spawn.by));
  const at = new Date(world.now()).toISOString();
  world.record({ at, event: "ended", id: spawn.id, by, ...brief({ verb: "spawn" }, deed) });
  const nonce = Buffer.from(world.randomBytes(16)).toString("hex");
  const said = wordsOf(spawn, nonce);
  const answer: StewardAnswer = {
    ...{ version: 1, id: spawn.id, at, by, verb: "spawn", said },
    ...deed,
  };
  writeAnswer(world, answer);
  // A uid goes round: whoever has it now did not ask.
  const asker = world.agents().find(({ uid }) => uid === spawn.by);
  if (asker?.name === spawn.parent) replyToAgent(world, answer);
  removeSpawn(world, spawn.id);
}
