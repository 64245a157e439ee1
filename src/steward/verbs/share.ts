/**
 * An agent lets others use a tool that it forged. The request names a version and its digest; root reads the files from
 * the agent's own directory, people see all of them, and exactly these bytes become root's.
 *
 * Never: shares what people did not see, follows a link of the agent's, or gives a name to a second agent.
 */

import { readForeign } from "../../tools/forge/foreign.ts";
import { createRegistry, type Pointer } from "../../tools/forge/registry.ts";
import { forbiddenIn } from "../../tools/forge/static.ts";
import { json, type Version, versionFiles } from "../../tools/forge/version-files.ts";
import type { Proposed } from "../approvals/types.ts";
import { type Placed, toolPlace } from "../proposals/base.ts";
import { consider, type Wish } from "../proposals/consider.ts";
import { digestOf, doubtsAbout } from "../proposals/record.ts";
import { faultIn } from "../proposals/texts.ts";
import { oneLine } from "../quote.ts";
import type { RequestOf, Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

type Request = RequestOf<"share_tool">;

export const shareTool: Verb<"share_tool"> = {
  act: (world, request, by, asked) =>
    consider(world, {
      ...{ request, by, asked },
      wishOf: (agent) => wishOf(world, agent, request),
    }),
};

function wishOf(world: StewardWorld, agent: string, request: Request): Wish | string {
  const { tool, revision } = request;
  if (!(world.runtime(agent)?.may.propose ?? []).includes("tools"))
    return `${agent} may not propose to share tools: its may.propose does not name it: tell a person`;
  const shared = standing(world, agent, request);
  if (typeof shared === "string") return shared;
  const version = read(world, agent, request);
  if (typeof version === "string") return `forged.${tool} version ${revision}: ${version}`;
  const fresh = textsOf(version);
  const fault = faultIn(
    fresh.map(([path, content]) => ({ path, content })),
    maxToolBytes,
  );
  if (fault !== null) return fault;
  return {
    reasons: reasonsOf(request, version, shared),
    files: filesOf(agent, request, fresh, shared.pointer),
    show: async () => shownFor(agent, version, fresh, shared),
  };
}

/** With room beside it for the version in use, as people see both. */
const maxToolBytes = 160 * 1024;
const maxTools = 500;
const maxVersions = 100;

/** What is shared by that name now. */
interface Standing {
  readonly pointer: Pointer | null;
  /** The version in use; null where there is none. */
  readonly used: Version | null;
}

function standing(world: StewardWorld, agent: string, request: Request): Standing | string {
  const { tool, revision, sha256 } = request;
  const registry = createRegistry(world.disk, world.places.tools, "shared");
  const names = registry.names();
  const near = names.find((one) => one !== tool && squash(one) === squash(tool));
  if (near !== undefined)
    return `there is shared.${near}, which differs only by _: forge yours by another name`;
  const pointer = registry.pointer(tool);
  if (typeof pointer === "string") return `shared.${tool}: ${pointer}`;
  if (pointer === null)
    return names.length < maxTools
      ? { pointer, used: null }
      : `there are ${maxTools} shared tools, and no more may be`;
  if (pointer.owner !== agent)
    return `shared.${tool} is of ${pointer.owner ?? "somebody else"}: forge yours by another name`;
  const known = pointer.digests[String(revision)];
  if (known === undefined && Object.keys(pointer.digests).length >= maxVersions)
    return `shared.${tool} has had ${maxVersions} versions, and no more may be`;
  if (known !== undefined && known !== sha256)
    return `shared.${tool} has another version ${revision}: forge it again`;
  if (known !== undefined && pointer.version === revision)
    return `shared.${tool} is at version ${revision} already`;
  if (pointer.version === null) return { pointer, used: null };
  const used = registry.load(tool);
  return used.ok ? { pointer, used } : used.why;
}

const squash = (name: string): string => name.replaceAll("_", "");

const mostFileBytes = 1 << 20;

/** By root, out of a directory where the agent may have put anything. */
function read(world: StewardWorld, agent: string, request: Request): Version | string {
  const { tool, revision, sha256 } = request;
  const found = world.agents().find(({ name }) => name === agent);
  if (found === undefined) return `${agent} is no agent of this system any more`;
  const contents: Uint8Array[] = [];
  for (const file of versionFiles) {
    const path = `tools/versions/${tool}/${revision}/${file}`;
    const one = world.agentFile(found, path, mostFileBytes);
    if (!one.ok) return `${file}: ${one.why}`;
    contents.push(one.bytes);
  }
  const version = readForeign(contents, { name: tool, version: revision, digest: sha256 });
  return version.ok ? version : version.why;
}

type Texts = readonly (readonly [string, string])[];

const textsOf = ({ manifest, code, tests, report }: Version): Texts => {
  const texts = [json(manifest).toString(), code, json(tests).toString(), report];
  return versionFiles.map((file, at) => [file, texts[at] ?? ""] as const);
};

/** The pointer last: before it, the version does not exist. */
function filesOf(
  agent: string,
  { tool, revision, sha256 }: Request,
  fresh: Texts,
  before: Pointer | null,
): Placed[] {
  const digests = { ...before?.digests, [revision]: sha256 };
  const pointer: Pointer = { format: 1, version: revision, digests, owner: agent };
  const isThere = before?.digests[String(revision)] !== undefined;
  const placeOf = (file: string): string => `versions/${tool}/${revision}/${file}`;
  return [
    ...fresh.map(([file, content]) => ({
      ...{ path: placeOf(file), place: toolPlace(placeOf(file)) },
      ...{ before: isThere ? content : null, content },
    })),
    {
      ...{ path: `current/${tool}.json`, place: toolPlace(`current/${tool}.json`) },
      before: before === null ? null : json(before).toString(),
      content: json(pointer).toString(),
    },
  ];
}

function shownFor(agent: string, version: Version, fresh: Texts, { used }: Standing): Proposed {
  const old = used === null ? new Map<string, string>() : new Map(textsOf(used));
  const files = fresh.map(([path, after]) => ({ path, before: old.get(path) ?? null, after }));
  const contents = fresh.map(([path, content]) => ({ path, content }));
  return {
    sha256: digestOf(agent, `tool:${version.manifest.name}:${version.digest}`, contents),
    files,
    tested: testedLines(agent, version),
  };
}

function testedLines(agent: string, { manifest, code, tests, digest }: Version): string[] {
  const { name, version, language, dependencies, limits, made } = manifest;
  const forbidden = forbiddenIn(language, code);
  const packages = dependencies.join(", ") || "the standard library";
  return [
    `digest ${digest} is that of the files of ${agent}`,
    `static checks: ${forbidden.join("; ") || "nothing that they know is in it"}`,
    `${language}, ${packages}, at most ${limits.timeoutSeconds} s and ${limits.memoryMb} MB a call`,
    `as the runner of ${agent} says: by ${made.model} for task ${made.task}, ${tests.length} tests passed`,
    `not run again here: con tool test ${name} --agent ${agent} --version ${version}`,
  ].map((line) => oneLine(line, 500));
}

function reasonsOf(
  request: Request,
  { manifest }: Version,
  { pointer }: Standing,
): readonly string[] {
  const { tool, why } = request;
  const now = pointer === null ? "" : `, in place of version ${pointer.version ?? "none"}`;
  return [
    ...doubtsAbout(request),
    ...(manifest.tainted
      ? ["WORDS OF STRANGERS were read by the task that had this tool made: trust no line"]
      : []),
    `others may call shared.${tool}, version ${manifest.version}${now}${why === "" ? "" : `: ${why}`}`,
  ];
}
