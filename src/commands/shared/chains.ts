/** The records that are hash chains: where they lie, and what is in them. Reads only. */
import { join } from "node:path";
import { auditName } from "../../gateway/audit.ts";
import { chainFiles } from "../../system/chain.ts";
import { dailyFiles } from "../../system/daily-chain.ts";
import type { Disk } from "../../system/disk.ts";

export type ChainName = "agents" | "steward" | "contracts";

export interface ChainPlace {
  readonly name: ChainName;
  /** What it is a record of. */
  readonly about: string;
  /** For errors. */
  readonly path: string;
  /** Files that exist, in order. */
  readonly files: (disk: Disk) => string[];
}

/** `root` is /srv/con, or the directory of `con dev`. */
export function chainPlaces(root: string): readonly ChainPlace[] {
  const agents = join(root, "logs/audit/agents");
  const actions = join(root, "logs/audit/actions.jsonl");
  const history = join(root, "logs/contracts/history.jsonl");
  return [
    {
      name: "agents",
      about: "what agents did",
      path: agents,
      files: (disk) => dailyFiles(disk, agents, auditName),
    },
    {
      name: "steward",
      about: "what the steward did",
      path: actions,
      files: (disk) => chainFiles(disk, actions),
    },
    {
      name: "contracts",
      about: "what contracts found",
      path: history,
      files: (disk) => chainFiles(disk, history),
    },
  ];
}

export function chainPlace(root: string, name: ChainName): ChainPlace {
  const found = chainPlaces(root).find((place) => place.name === name);
  if (found === undefined) throw new RangeError(`no chain ${name}`);
  return found;
}
