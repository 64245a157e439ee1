/** Which GPU devices there are. None is fine, unless one was asked for. */
import fs from "node:fs";
import { errnoOf } from "../../system/disk.ts";
import { bad, type Finding, fine } from "./check.ts";

const devices = /^(nvidia\d+|nvidiactl|kfd|renderD\d+|dxg)$/;

/** `agents`: those that have `gpu: true`. */
export function checkGpu(wanted: boolean, dev = "/dev", agents: readonly string[] = []): Finding {
  const found = [...list(dev), ...list(`${dev}/dri`)].filter((name) => devices.test(name)).sort();
  const whose = agents.length === 0 ? "" : `, for ${agents.join(", ")}`;
  if (found.length > 0) return fine("gpu", `${found.join(", ")}${whose}`);
  if (!wanted && agents.length === 0) return fine("gpu", "none");
  return bad(
    "gpu",
    `none${whose}`,
    "make stop; make run GPU=1; on the host: nvidia-smi, or ls /dev/dri",
  );
}

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}
