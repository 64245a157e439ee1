/**
 * What stands in /etc/con where a proposal would write: the base that people see, and that must be the same when it
 * lands. Reads only; follows no link.
 */
import { join } from "node:path";
import { readFile } from "../../system/durable.ts";
import type { ProposedEdit, ProposedFile } from "../types.ts";
import type { StewardWorld } from "../world.ts";
import { placeOf, type Target } from "./target.ts";

/** A proposed file with its place, and what stands there. */
export interface Placed extends ProposedFile {
  /** See `pathOf`. */
  readonly place: string;
  readonly before: string | null;
}

/** The files as they would be, or why one of them cannot. */
export function placed(
  world: StewardWorld,
  agent: string,
  target: Target,
  edits: readonly ProposedEdit[],
): readonly Placed[] | string {
  const files: Placed[] = [];
  for (const edit of edits) {
    const place = placeOf(agent, target, edit.path);
    if (place === null) {
      return `${edit.path}: it is not a file of that target: it has ${filesOf[target.kind]}`;
    }
    const base = baseAt(world, place);
    if (!base.ok) return base.why;
    const made = edited(base.text, edit);
    if (!made.ok) return `${edit.path}: ${made.why}`;
    files.push({ path: edit.path, place, before: base.text, content: made.text });
  }
  return files;
}

const filesOf: Readonly<Record<Target["kind"], string>> = {
  instructions: "AGENTS.md alone",
  skill: "plain paths inside the skill",
  contract: "contract.yaml alone",
};

/** The text that an edit makes of `base`. */
function edited(base: string | null, edit: ProposedEdit): Base {
  const { content, old, new: fresh, append } = edit;
  const forms = [
    content !== undefined,
    old !== undefined && fresh !== undefined,
    append !== undefined,
  ];
  const isOdd = (old === undefined) !== (fresh === undefined);
  if (isOdd || forms.filter(Boolean).length !== 1)
    return { ok: false, why: "give content, or old and new, or append" };
  if (content !== undefined) return { ok: true, text: content };
  if (append !== undefined) {
    const above = (base ?? "").trimEnd();
    return { ok: true, text: `${above === "" ? "" : `${above}\n\n`}${append.trim()}\n` };
  }
  const parts = (base ?? "").split(old ?? "");
  if (parts.length === 2) return { ok: true, text: parts.join(fresh) };
  const times =
    parts.length === 1 ? "does not stand there" : `stands there ${parts.length - 1} times`;
  return { ok: false, why: `old ${times}: it must stand there exactly once` };
}

const toolMark = "tools:";

/** The place of a file below the shared tools. */
export const toolPlace = (path: string): string => `${toolMark}${path}`;

/** A place is relative to /etc/con, or that of a shared tool. */
export const pathOf = ({ places }: Pick<StewardWorld, "places">, place: string): string =>
  place.startsWith(toolMark)
    ? join(places.tools, place.slice(toolMark.length))
    : join(places.configuration, place);

const maxTextBytes = 64 * 1024;
/** The forge's report of a tool. */
const maxToolBytes = 1 << 20;

/** `text` is null where nothing is. Not ok: something else than a text of that size stands there. */
export type Base =
  | { readonly ok: true; readonly text: string | null }
  | { readonly ok: false; readonly why: string };

export function baseAt(world: StewardWorld, place: string): Base {
  const { disk } = world;
  const path = pathOf(world, place);
  const most = place.startsWith(toolMark) ? maxToolBytes : maxTextBytes;
  const found = disk.find(path);
  if (found === null) return { ok: true, text: null };
  const remedy = "ask a person to look at it";
  if (!found.isFile()) return { ok: false, why: `${place}: it is no regular file: ${remedy}` };
  const bytes = readFile(disk, path, most);
  if (bytes === null)
    return { ok: false, why: `${place}: it is larger than ${most} bytes: ${remedy}` };
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { ok: false, why: `${place}: it is no text: ${remedy}` };
  }
}
