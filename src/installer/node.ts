/**
 * A package of Node's and what it needs, into `node_modules`, by npm's own library. From an earlier lock exactly what that
 * names. Never: runs a script of a package, takes something from git, from another host or without a digest.
 */
import fs from "node:fs";
import { join } from "node:path";
import Arborist, { type ArboristNode } from "@npmcli/arborist";
import type { LayerLock, LayerOrder } from "../system/layers/order.ts";
import { InstallFailure } from "./failure.ts";

export async function installNode(
  order: LayerOrder,
  work: string,
  ignoreScripts = true,
): Promise<LayerLock> {
  const [name, version] = nameAndVersion(order.package);
  const own = { name: "layer", version: "0.0.0", private: true, dependencies: { [name]: version } };
  fs.writeFileSync(join(work, "package.json"), JSON.stringify(own));
  const lockPath = join(work, "package-lock.json");
  if (order.lock !== null) fs.writeFileSync(lockPath, order.lock);
  const arborist = new Arborist({
    ...{ path: work, cache: join(work, "cache"), ignoreScripts, allowGit: "none" },
    // Only a test lets them run, to show that they would.
    dangerouslyAllowAllScripts: !ignoreScripts,
    ...{ binLinks: false, audit: false, fund: false, progress: false, omit: ["dev"] },
    ...{ fetchRetries: 1, fetchRetryFactor: 2, fetchRetryMintimeout: 500 },
    ...{ fetchRetryMaxtimeout: 5000, fetchTimeout: 30_000 },
    ...(order.registry === null ? {} : { registry: order.registry }),
  });
  const { inventory } = await arborist.buildIdealTree();
  const nodes = [...inventory.values()].filter(({ isRoot }) => !isRoot);
  const integrity = check(nodes, order, name);
  const packages = [...new Set(nodes.map((node) => `${realName(node)}==${node.version}`))].sort();
  await arborist.reify();
  return { version: 1, text: fs.readFileSync(lockPath, "utf8"), integrity, packages };
}

function nameAndVersion(text: string): readonly [string, string] {
  const at = text.indexOf("==");
  return [text.slice(0, at), text.slice(at + 2)];
}

const realName = ({ packageName, name }: ArboristNode): string => packageName ?? name;

/** Before anything is downloaded. The digest of the package itself, as the registry says. */
function check(nodes: readonly ArboristNode[], order: LayerOrder, name: string): string {
  const own = nodes.find(({ location }) => location === `node_modules/${name}`);
  if (own === undefined) throw new InstallFailure(`the registry has no ${order.package}`);
  if (`${realName(own)}==${own.version}` !== order.package)
    throw new InstallFailure(`the registry gives ${realName(own)}==${own.version} for it`);
  const { integrity } = own;
  if (order.integrity !== null && integrity !== order.integrity)
    throw new InstallFailure(
      `the registry has ${integrity ?? "no digest"}, and con.yaml says ${order.integrity}`,
    );
  const home = new URL(order.registry ?? own.resolved ?? "invalid:").origin;
  for (const node of nodes) {
    const which = `${realName(node)}==${node.version}`;
    if (node.isLink || !/^https?:/.test(node.resolved ?? ""))
      throw new InstallFailure(`${which} does not come from a registry`);
    if (new URL(node.resolved ?? "").origin !== home)
      throw new InstallFailure(`${which} comes from another host than its registry`);
    if (!/^sha(?:256|384|512)-/.test(node.integrity ?? ""))
      throw new InstallFailure(`the registry has no digest of ${which}`);
  }
  return integrity ?? "";
}
