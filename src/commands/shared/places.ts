/** Where `con dev` keeps what the installed system keeps in /etc/con, /var/lib/con and /run/con. Pure. */
import { join } from "node:path";

export interface DevPlaces {
  readonly root: string;
  readonly etc: string;
  /** Everything that is ours and not the agents'. */
  readonly own: string;
  readonly compiled: string;
  readonly ledger: string;
  readonly audit: string;
}

export function devPlaces(root: string): DevPlaces {
  const own = join(root, ".con");
  return {
    root,
    etc: join(root, "etc"),
    own,
    compiled: join(own, "compiled"),
    ledger: join(own, "ledger.db"),
    audit: join(root, "logs/audit/agents"),
  };
}
