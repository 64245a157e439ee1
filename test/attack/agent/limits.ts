/** More than its share: processes, memory, space. Each stops a little above the limit that it tries. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { join } from "node:path";
import type { Args, Deed, Done } from "../types.ts";

/** `count` processes side by side. */
async function processes(args: Args): Promise<Done> {
  const children: ChildProcess[] = [];
  let blockedBy: string | null = null;
  for (let n = 0; n < args.number("count") && blockedBy === null; n += 1) {
    const child = spawn("/usr/bin/sleep", ["60"], { stdio: "ignore" });
    const failed = once(child, "error").then(([error]) => (error as NodeJS.ErrnoException).code);
    if (child.pid === undefined) blockedBy = (await failed) ?? "error";
    else children.push(child);
  }
  const gone = children.map((child) => once(child, "exit"));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(gone);
  return { blockedBy, detail: `${children.length} at once` };
}

/** A child that fills so many MiB. */
function memory(args: Args): Done {
  const fill = "const kept = []; for (let n = 0; n < Number(process.argv[1]); n += 8) ";
  const script = `${fill}kept.push(Buffer.alloc(8 << 20, 1)); console.log("filled");`;
  const argv = ["-e", script, String(args.number("mebibytes"))];
  const child = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 30_000 });
  if (child.error !== undefined) throw child.error;
  if (child.stdout.includes("filled")) return { blockedBy: null };
  return { blockedBy: child.signal ?? `exit ${child.status}` };
}

/** A file of so many MiB, of real bytes. */
function space(args: Args): Done {
  const path = join(args.text("directory"), ".attack-space");
  const block = Buffer.alloc(1 << 20, 1);
  const fd = fs.openSync(path, "w");
  try {
    for (let n = 0; n < args.number("mebibytes"); n += 1) {
      if (fs.writeSync(fd, block) < block.length)
        return { blockedBy: "ENOSPC", detail: `${n} MiB` };
    }
    return { blockedBy: null };
  } finally {
    fs.closeSync(fd);
    fs.unlinkSync(path);
  }
}

/** So many files in one directory. */
function names(args: Args): Done {
  const directory = join(args.text("directory"), ".attack-names");
  fs.mkdirSync(directory);
  try {
    for (let n = 0; n < args.number("count"); n += 1)
      fs.closeSync(fs.openSync(join(directory, String(n)), "w"));
    return { blockedBy: null };
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

export const limits: Readonly<Record<string, Deed>> = { processes, memory, space, names };
