/** Rules of sudo that name an agent, its number, a group that it is in, or everybody. Shows the file only. */
import { join } from "node:path";
import { parsePeople } from "../../../host/ids.ts";
import { readIfThere } from "../../../host/machine.ts";
import type { AgentRecord } from "./agent-records.ts";
import { namesIn } from "./look.ts";
import type { Places } from "./places.ts";
import { inCommand, named, type Trouble } from "./verdicts.ts";

export function sudoers(
  { sysroot }: Pick<Places, "sysroot">,
  agents: readonly AgentRecord[],
  uids: ReadonlySet<number>,
  group: string,
): Trouble[] {
  const words = wordsFor(agents, uids, group);
  const directory = join(sysroot, "/etc/sudoers.d");
  const extra = namesIn(directory).map((name) => join(directory, name));
  return [join(sysroot, "/etc/sudoers"), ...extra].flatMap((path) => {
    const text = (readIfThere(path) ?? "").replace(/\\\n/g, " ");
    // `#123` is a uid, any other `#` a comment.
    const lines = text.split("\n").map((line) => line.replace(/#(?!\d).*$/, ""));
    if (!lines.some((line) => isFor(line, words))) return [];
    const found = `${named(path)} gives rights to agents`;
    const remedy = `visudo -f ${inCommand(path, "FILE")}`;
    return [{ found, key: `sudoers:${named(path)}`, remedy }];
  });
}

/** What stands for an agent in a rule. */
function wordsFor(
  agents: readonly AgentRecord[],
  uids: ReadonlySet<number>,
  text: string,
): ReadonlySet<string> {
  const { groups } = parsePeople("", text);
  const names = new Set(agents.map(({ user }) => user));
  const gids = new Set(agents.map(({ gid }) => gid));
  const words = new Set(["%agents", ...names, ...[...names].map((name) => `%${name}`)]);
  for (const uid of uids) words.add(`#${uid}`);
  for (const gid of gids) words.add(`%#${gid}`);
  for (const [name, { gid, members }] of groups)
    if (gids.has(gid) || members.some((member) => names.has(member)))
      words.add(`%${name}`).add(`%#${gid}`);
  return words;
}

const isFor = (line: string, words: ReadonlySet<string>): boolean =>
  /^\s*ALL\s/.test(line) || line.split(/[\s,=!(:)]+/).some((word) => words.has(word));
