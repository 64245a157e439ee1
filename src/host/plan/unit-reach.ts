/** What the unit of an agent reaches of networks and devices, as lines of its drop-in. Pure. */
import type { Agent } from "../../config/types.ts";
import type { Gpu } from "../gpu.ts";
import type { World } from "../world.ts";

/** The packet rules by uid decide where it may go. */
const networkLines = [
  "PrivateNetwork=no",
  "RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6",
];

export function addressLines({ network }: World, { can, runner }: Agent): readonly string[] {
  if (can.network.length > 0 && network.usable) return networkLines;
  return runner?.models === true ? loopbackLines : [];
}

/** A loopback address within the program's sandbox, which has a network of its own with nothing else in it. */
const loopbackLines = ["RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET"];

/**
 * PrivateDevices stays, and with it a /dev of the unit's own: these nodes are mounted into it and allowed by name. A
 * folder is mounted, and its devices allowed by their driver.
 */
export const gpuLines = ({ paths: nodes, gids }: Gpu): string[] => [
  ...nodes.map((path) => `BindPaths=-${path}`),
  ...nodes.flatMap((path) => (gpuFolders[path] ?? [path]).map((one) => `DeviceAllow=${one} rw`)),
  ...(gids.length === 0 ? [] : [`SupplementaryGroups=${gids.join(" ")}`]),
];

const gpuFolders: Readonly<Record<string, readonly string[]>> = {
  "/dev/dri": ["char-drm"],
  "/dev/nvidia-caps": ["char-nvidia-caps"],
};
