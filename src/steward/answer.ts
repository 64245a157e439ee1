/** Answers a request: its file in the outbox. Repeated after a crash, the first answer stays. */
import { join } from "node:path";
import { createDurably } from "../system/durable.ts";
import { fileOf } from "./places.ts";
import type { StewardAnswer } from "./types.ts";
import type { StewardWorld } from "./world.ts";

/** Readable through the group or ACL of the outbox. */
const mode = 0o640;

export function writeAnswer(world: Pick<StewardWorld, "disk" | "places">, answer: StewardAnswer) {
  const path = join(world.places.outbox, fileOf(answer.id));
  createDurably(world.disk, path, Buffer.from(`${JSON.stringify(answer)}\n`), mode);
}
