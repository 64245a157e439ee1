/** `con logs --audit`: the latest of what agents did. Reads only. */

import { type Link, lastRecords } from "../../system/chain.ts";
import { nodeDisk } from "../../system/disk.ts";
import { type ExitCode, exit } from "../../system/errors.ts";
import { denied, isDenied, joinTrusted } from "../shared/access.ts";
import { auditLine } from "../shared/audit-words.ts";
import { chainPlace } from "../shared/chains.ts";
import type { Io } from "../shared/io.ts";
import { safeJson, safeLine } from "../shared/text.ts";

/** Of `agent`, or of all where it is null. */
export function showAudit(
  root: string,
  io: Io,
  options: { readonly agent: string | null; readonly number: number; readonly json: boolean },
): ExitCode {
  const links = read(root, options);
  if (options.json) {
    io.out(safeJson({ events: links.map((link) => link && { ...link.record, seq: link.seq }) }));
    return exit.ok;
  }
  for (const link of links)
    io.out(`${link === null ? strange : safeLine(auditLine(link.record))}\n`);
  return exit.ok;
}

const strange = "(a line that is not of this record: see con logs --verify)";

function read(
  root: string,
  { agent, number }: { readonly agent: string | null; readonly number: number },
): (Link | null)[] {
  const { path, files } = chainPlace(root, "agents");
  const wanted = (link: Link | null): boolean => agent === null || link?.record["agent"] === agent;
  try {
    return lastRecords(nodeDisk, files(nodeDisk), number, wanted);
  } catch (error) {
    if (isDenied(error)) throw denied("logs --audit", path, joinTrusted);
    throw error;
  }
}
