/** Where things lie on an installed machine. Pure. `con dev` has its own places. */
import { join } from "node:path";

export const root = "/srv/con";
export const configuration = "/etc/con";
export const library = "/var/lib/con";
export const runtime = "/run/con";
export const gatewaySocket = "/run/con/gateway.sock";
/** Of the socket of the throw-away sandbox: who may enter it may have code run. */
export const sandboxDirectory = "/run/con/sandbox";
/** Of the socket of the browser: who may enter it may ask for pages, files and searches. */
export const browserDirectory = "/run/con/browser";
export const bellDirectory = "/run/con/bell";
export const artifacts = "/srv/con/artifacts";
export const logs = "/srv/con/logs";
export const ledgerDirectory = "/srv/con/logs/ledger";
export const reports = "/srv/con/logs/contracts";
export const metrics = "/srv/con/logs/metrics";
export const audit = "/srv/con/logs/audit";
/** Kept by the gateway; what is directly in `audit` is the steward's. */
export const agentAudit = "/srv/con/logs/audit/agents";
export const contracts = "/srv/con/contracts";
export const steward = "/srv/con/steward";
export const stewardInbox = "/srv/con/steward/inbox";
/** What is stopped on purpose; see holds.ts. */
export const holds = "/var/lib/con/holds";
/** What waits for a person: one file for each, see steward/approvals.ts. */
export const approvals = "/var/lib/con/approvals";
/** Changes that agents proposed and people agreed to: one file for each, with the texts before and after. */
export const proposals = "/var/lib/con/proposals";
/** Tools that agents forged and people let others use: root's, see tools/forge/registry.ts. */
export const sharedTools = "/srv/con/tools";
/** Who asked for which agent; see commissions.ts. */
export const commissions = "/var/lib/con/commissions";
/** Which agents made temporary ones, and what became of them: one file for each request. */
export const children = "/var/lib/con/children";
/** Where temporary agents may have left files: one file for each of them; see children/reach.ts. */
export const reach = "/var/lib/con/reach";
/** What the latest bootstrap accepted of /etc/con; see accepted.ts. */
export const accepted = "/var/lib/con/accepted.json";
/** Temporary agents whose unit stopped, or whose time is over, and installers that ended: one empty file for each. */
export const ended = "/run/con/ended";
/** Changes of the configuration that the steward is in the middle of. */
export const changes = "/var/lib/con/steward/commissioning";
/** Data of agents that were retired; root's alone. */
export const archive = "/srv/con/archive";

/** Packages for forged tools, see layers/. */
export { layersDirectory as layers } from "../system/layers/names.ts";
/** What contracts say of each agent's work, readable by that agent alone. */
export { outcomes } from "../system/turns.ts";
/** What the installer is told, and what it brought: root's alone. */
export const layerOrders = "/var/lib/con/layer-orders";
/** For which of them the installer was started since the boot. */
export const layerBegun = "/run/con/layer-begun";

export const healthState = "/var/lib/con/health";
/** What the latest bootstrap promised; see snapshot.ts. */
export const snapshot = "/var/lib/con/snapshot.json";
/** Taken by whoever makes the machine equal to a list of facts. */
export const applyLock = "/run/con/apply.lock";
export const credentials = "/etc/con/credentials";
/** units/tiers/*.conf, installed beside the units; PID 1 passes over a folder of that name. */
export const tierFiles = "/usr/lib/systemd/system/tiers";
/** Cleared by a boot, like every state of systemd that is made from it; bootstrap runs at each boot. */
export const dropIns = "/run/systemd/system";
export const sysusersFile = "/etc/sysusers.d/con.conf";
/** Which agents have only a bell since this boot. */
export const wakeFile = "/run/con/wake.json";
/** Asserted by con-ready.target. */
export const appliedFile = "/run/con/applied";
/** What a run that was cut off still has to do; see owed.ts. */
export const owedFile = "/run/con/owed.json";
/** What nft said after our last load; a difference is drift. */
export const rulesFile = "/run/con/rules.json";

export const agentBase = (name: string): string => join(root, "agents", name);
export const bellOf = (name: string): string => join(bellDirectory, name);
