/** `con verify`: what on this machine is not as /etc/con describes it. Changes nothing. Root only. */
import { bootstrap } from "../host/bootstrap.ts";
import { layerTroubles } from "../host/layers/check.ts";
import { sharedTools } from "../host/paths.ts";
import type { Finding } from "../host/world.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { digestAt } from "../system/layers/digest.ts";
import { layersDirectory } from "../system/layers/names.ts";
import { createRegistry } from "../tools/forge/registry.ts";
import { type Io, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { printReport, reportJson } from "./shared/report.ts";
import { safeJson } from "./shared/text.ts";

const example = `Prints each difference between configuration and machine: users, directories, modes, access lists, files,
units, packet rules, layers of packages, shared tools, and what is left of agents without a manifest. "drifted" marks what the latest con bootstrap
had made so and is different now; the rest was changed in /etc/con since then. Access lists below a granted
directory are set when the grant changes and not compared here.

Exit code: 0 none, 1 there are some, 78 the configuration itself has problems.
Keys of --json: as in con bootstrap --help.

Example:
  con verify || con bootstrap`;

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("verify", "Compare the configuration with the machine.", example)
    .option("--host", "expect packet rules although this is no container")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const { json, host = false } = command.opts<{ json?: boolean; host?: boolean }>();
  if (io.uid !== 0) {
    const why = "only root sees all that there is to compare";
    throw new ConError(exit.permission, "verify", why, "run it as root (sudo con verify)");
  }
  const found = await bootstrap({ dryRun: true, prune: true, allowHost: host });
  const kept = [...layerTroubles(nodeDisk, layersDirectory, digestAt), ...toolTroubles()];
  const report = { ...found, findings: [...found.findings, ...kept] };
  const drift = report.changes.length + report.strays.length;
  if (json) io.out(safeJson(reportJson(report)));
  else {
    printReport(io, report);
    if (report.applied) io.out(`${verdict(drift, kept.length)}\n`);
  }
  if (report.problems.length > 0) return exit.configuration;
  return drift + kept.length === 0 ? exit.ok : exit.no;
}

/** `kept`: layers and shared tools that were changed, which con bootstrap does not mend. Pure. */
export function verdict(drift: number, kept: number): string {
  const mended = `${counted(drift, "difference")}; con bootstrap mends ${drift === 1 ? "it" : "them"}`;
  if (kept === 0) return drift === 0 ? "no drift" : mended;
  const found = `${counted(kept, "layer or shared tool", "layers or shared tools")} changed or damaged: see above`;
  return drift === 0 ? `no drift of configuration; ${found}` : `${mended}; ${found}`;
}

const counted = (count: number, one: string, more = `${one}s`): string =>
  `${count} ${count === 1 ? one : more}`;

/** Shared tools whose version in use is not what was agreed to: they are not run. */
function toolTroubles(): Finding[] {
  const registry = createRegistry(nodeDisk, sharedTools, "shared");
  const remedy = "con tool rollback --shared, con tool unshare, or put the files back";
  return registry.names().flatMap((name) => {
    const pointer = registry.pointer(name);
    if (pointer !== null && typeof pointer !== "string" && pointer.version === null) return [];
    const loaded = registry.load(name);
    return loaded.ok ? [] : [{ what: `shared.${name}`, why: loaded.why, remedy }];
  });
}
