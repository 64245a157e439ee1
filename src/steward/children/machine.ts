/** Temporary agents on the machine itself, for the steward. Never: names a unit that is no agent's. */
import { childAgent } from "../../config/child.ts";
import { loadAccepted } from "../../host/accepted.ts";
import { readSpawns } from "../../host/children/read.ts";
import type { ChildOrder } from "../../host/children/types.ts";
import { layChildren } from "../../host/children.ts";
import { observePeople } from "../../host/observe.ts";
import { root } from "../../host/paths.ts";
import { listUnits } from "../../host/systemd.ts";
import { agentPaths } from "../../spool/layout.ts";
import { ConError, exit } from "../../system/errors.ts";
import { exec } from "../../system/exec.ts";
import { handOver } from "./hand-over.ts";
import { lookAtChild } from "./look.ts";
import type { ChildPort } from "./world.ts";

export const systemChildren: ChildPort = {
  lacks,
  isUidTaken: (uid) => [...observePeople().users.values()].some((user) => user.uid === uid),
  handOver: ({ name, task }, giver, bytes) =>
    handOver({ inbox: agentPaths(root, name).inbox, task, giver, bytes }),
  start,
  running,
  look: (child) => lookAtChild(root, child),
};

/** As the next plan will derive them. */
function lacks(parent: string, orders: readonly ChildOrder[]): string[][] {
  const { config, registry } = loadAccepted().world;
  const now = Date.now();
  const laid = layChildren(config, { spawns: readSpawns().spawns, registry, now });
  const holder = laid.config.agents.find(({ name }) => name === parent);
  return orders.map((order) => {
    const role = Object.hasOwn(config.roles, order.role) ? config.roles[order.role] : undefined;
    if (holder === undefined) return [`${parent} is not there as the latest bootstrap found it`];
    if (role === undefined)
      return [`role ${order.role} has no role.yaml that holds: tell a person`];
    return childAgent({ name: parent, parent: holder, role, order, now }).lacks;
  });
}

const runnerOf = (agent: string): string => `con@${agent}.service`;
const ofRunner = /^con@(.+)\.service$/;
const ended: ReadonlySet<string> = new Set(["inactive", "failed"]);

async function start(names: readonly string[]): Promise<void> {
  const units = names.map(runnerOf);
  const result = await exec(["systemctl", "start", "--no-block", "--", ...units]);
  if (result.code === 0) return;
  const why = result.stderr.trim().split("\n")[0] || `it ended with ${result.code}`;
  throw new ConError(exit.unavailable, "systemctl start", why, "see systemctl status");
}

async function running(): Promise<ReadonlySet<string>> {
  const units = [...(await listUnits())].filter(([, { active }]) => !ended.has(active));
  return new Set(units.flatMap(([unit]) => ofRunner.exec(unit)?.[1] ?? []));
}
