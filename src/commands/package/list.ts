/** `con package list`. Reads only. */
import type { ForgePart } from "../../config/types.ts";
import type { Disk } from "../../system/disk.ts";
import { exit } from "../../system/errors.ts";
import type { LayerName } from "../../system/layers/names.ts";
import { readFailure, readLayers } from "../../system/layers/record.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { cut, safeJson, safeLine, table } from "../shared/text.ts";

const example = `STATE is installed, missing (a tool that needs it has it installed), other (installed, but not as con.yaml pins it now),
failed (the latest try; its reason stands behind) or unlisted (installed, and con.yaml does not list it any more). What
con.yaml says counts after con bootstrap.

Keys of --json: packages [{package, language, state, layer, files, bytes, integrity, holds [NAME==VERSION], at, why}],
broken [file names]. What is not known is null.

Example:
  con package list --json`;

export interface ListDeps {
  readonly disk: Disk;
  readonly directory: string;
  readonly forge: ForgePart;
}

type State = "installed" | "missing" | "other" | "failed" | "unlisted";

export function listPackages(argv: readonly string[], io: Io, deps: ListDeps): number {
  const command = newCommand("package list", "List packages for forged tools.", example).option(
    "--json",
    "print JSON",
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const { json } = command.opts<{ readonly json?: boolean }>();
  const { packages, broken } = look(deps);
  if (json) {
    io.out(safeJson({ packages, broken }));
    return exit.ok;
  }
  for (const name of broken)
    io.err(`con: ${safeLine(`${deps.directory}/${name}: it cannot be read: con package add`)}\n`);
  const rows = packages.map((one) => [
    safeLine(one.package),
    one.language,
    safeLine(cut(one.why === null ? one.state : `${one.state}: ${one.why}`, 80)),
    one.layer?.slice(0, 12) ?? "",
    one.bytes === null ? "" : `${Math.ceil(one.bytes / 1024)} KiB`,
  ]);
  io.out(
    rows.length === 0
      ? "no packages\n"
      : table(["PACKAGE", "LANGUAGE", "STATE", "LAYER", "SIZE"], rows),
  );
  return exit.ok;
}

function look({ disk, directory, forge }: ListDeps) {
  const { records, broken } = readLayers(disk, directory);
  const listed = forge.packages.map((entry) => {
    const record = records.find((one) => isSame(one, entry)) ?? null;
    const failure = record === null ? readFailure(disk, directory, entry) : null;
    const isPinned =
      (entry.layer === null || entry.layer === record?.digest) &&
      (entry.integrity === null || entry.integrity === record?.integrity);
    const lacking: State = failure === null ? "missing" : "failed";
    const state: State = record === null ? lacking : isPinned ? "installed" : "other";
    return { ...rowOf(entry, record, state), why: failure?.why ?? null };
  });
  const others = records
    .filter((record) => !forge.packages.some((entry) => isSame(entry, record)))
    .map((record) => ({ ...rowOf(record, record, "unlisted"), why: null }));
  return { packages: [...listed, ...others], broken };
}

const isSame = (a: LayerName, b: LayerName): boolean =>
  a.language === b.language && a.package === b.package;

type Found = ReturnType<typeof readLayers>["records"][number];

const rowOf = ({ package: name, language }: LayerName, record: Found | null, state: State) => ({
  ...{ package: name, language, state, layer: record?.digest ?? null },
  ...{ files: record?.files ?? null, bytes: record?.bytes ?? null },
  ...{ integrity: record?.integrity ?? null, holds: record?.packages ?? null },
  at: record?.at ?? null,
});
