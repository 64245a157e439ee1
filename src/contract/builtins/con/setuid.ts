/**
 * Set-user-id and set-group-id files in con's tree. Each agent's own trouble: how many one of them makes hides
 * nothing of another's.
 */
import { join } from "node:path";
import { findFiles, type Search, type Searched } from "./find-files.ts";
import { lookInto } from "./look.ts";
import type { Places } from "./places.ts";
import { inCommand, named, type Trouble } from "./verdicts.ts";

const tests = ["-type", "f", "-perm", "/6000"] as const;
const mostAgents = 10_000;
/** Of one agent; more are counted. */
const mostNamed = 5;

export async function setuidFiles(places: Pick<Places, "exec">, root: string): Promise<Trouble[]> {
  const agents = join(root, "agents");
  const names = directoriesIn(agents);
  const outside = ["-path", agents, "-prune", "-o", ...tests];
  const each: Search[] = [
    ...names.map((name) => ({ root: join(agents, name), tests })),
    { root, tests: outside },
  ];
  const found = await findFiles(places, [{ root, tests }], each);
  return found.flatMap((one, n) => troublesOf(each[n]?.root ?? root, names[n] ?? null, one));
}

/** Agents of today and of earlier: their directories are root's to make. */
function directoriesIn(agents: string): string[] {
  const looked = lookInto(agents, (look) => look.entries(mostAgents).list);
  if (looked.kind !== "seen") return [];
  return looked.value.flatMap(({ text, isDirectory }) => (isDirectory ? [text] : []));
}

function troublesOf(root: string, agent: string | null, { paths, gap }: Searched): Trouble[] {
  const where = inCommand(root, "DIRECTORY");
  const look = `find ${where} -xdev -type f -perm /6000`;
  const remedy = `${look} -ls; ${look} -exec chmod ug-s {} +`;
  const about = agent === null ? { remedy } : { remedy, agent };
  const first = paths
    .slice(0, mostNamed)
    .map((path) => `${named(path)} is set-user-id or set-group-id`);
  const rest = paths.slice(mostNamed);
  const more = `${named(root)} has ${rest.length} more set-user-id or set-group-id files`;
  return [
    ...first.map((found, n) => ({ found, key: `setuid:${named(paths[n] ?? "")}`, ...about })),
    ...(rest.length === 0
      ? []
      : [{ found: more, key: rest.map((path) => `setuid:${named(path)}`).join(" "), ...about }]),
    ...(gap === null
      ? []
      : [
          {
            found: `${named(root)} ${gap} (set-user-id files)`,
            key: `unseen:${named(root)}`,
            ...about,
          },
        ]),
  ];
}
