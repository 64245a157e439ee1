/**
 * People's word on a shared tool: nobody may call it any more, or another version of it is in use. Holds from the next
 * call on. Versions stay. One file says it, and is replaced whole; after a crash it is the old one or the new one.
 */
import { join } from "node:path";
import { replaceDurably } from "../../system/durable.ts";
import { createRegistry, type Pointer } from "../../tools/forge/registry.ts";
import { json } from "../../tools/forge/version-files.ts";
import { type Deed, done, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

export const unshareTool: Verb<"unshare_tool"> = {
  act: async (world, { tool }) => {
    const pointer = pointerOf(world, tool);
    if (typeof pointer === "string") return refused(pointer);
    const { version } = pointer;
    if (version === null) return done([`shared.${tool} is nobody's to call`], null);
    return turn(world, tool, { ...pointer, version: null }, `--to ${version}`);
  },
};

export const rollbackTool: Verb<"rollback_tool"> = {
  act: async (world, { tool, revision }) => {
    const pointer = pointerOf(world, tool);
    if (typeof pointer === "string") return refused(pointer);
    const to = revision ?? before(pointer);
    if (to === null) return refused(`shared.${tool} has no earlier version`);
    // What was changed since people saw it comes back into no use.
    const loaded = registryOf(world).load(tool, to);
    if (!loaded.ok) return refused(loaded.why);
    const { version } = pointer;
    const back = version === null ? null : `--to ${version}`;
    return turn(world, tool, { ...pointer, version: to }, back);
  },
};

const registryOf = ({ disk, places }: StewardWorld) => createRegistry(disk, places.tools, "shared");

function pointerOf(world: StewardWorld, tool: string): Pointer | string {
  const pointer = registryOf(world).pointer(tool);
  if (pointer === null) return `there is no shared.${tool}: see con tool list --shared`;
  return typeof pointer === "string" ? `shared.${tool}: ${pointer}` : pointer;
}

/** The last one of a tool that is shared no more. */
function before({ version, digests }: Pointer): number | null {
  const earlier = Object.keys(digests)
    .map(Number)
    .filter((one) => one < (version ?? Number.POSITIVE_INFINITY));
  return earlier.length === 0 ? null : Math.max(...earlier);
}

/** Read by agents through the access list of the directory. */
const mode = 0o644;

function turn(world: StewardWorld, tool: string, to: Pointer, back: string | null): Deed {
  const path = join(world.places.tools, "current", `${tool}.json`);
  replaceDurably(world.disk, path, json(to), mode);
  const now = to.version === null ? "is nobody's to call" : `is at version ${to.version}`;
  const undo = back === null ? "con tool unshare" : "con tool rollback";
  const rest = back === null ? "" : ` --shared ${back}`;
  return done([`shared.${tool} ${now}`], `${undo} ${tool}${rest}`);
}
