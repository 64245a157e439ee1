/**
 * Who may ask for what. Pure: the requester is the owner of the request's file, as the kernel says.
 *
 * Root and members of group trusted may ask for everything. An agent may not, even if somebody put its
 * user into that group: what agents may ask for is a matter of their manifests.
 */
import { isChildUid, type People, trustedUids } from "../host/ids.ts";
import type { Registry } from "../host/registry.ts";
import type { StewardVerb } from "./types.ts";

export interface Requester {
  readonly uid: number;
  readonly name: string;
  readonly kind: "root" | "trusted" | "agent" | "other";
}

/** `registry` knows every uid that was ever an agent's; people may have others of the same range. */
export function requesterOf(uid: number, people: People, registry: Registry): Requester {
  const named = [...people.users].find(([, user]) => user.uid === uid)?.[0];
  const name = named ?? `uid ${uid}`;
  if (uid === 0) return { uid, name: "root", kind: "root" };
  const isMember = people.groups.get("agents")?.members.includes(name) ?? false;
  if (isMember || isChildUid(uid) || Object.values(registry).includes(uid))
    return { uid, name, kind: "agent" };
  return { uid, name, kind: trustedUids(people).includes(uid) ? "trusted" : "other" };
}

/**
 * Null when it may; otherwise why not and what to do. `may` is what an agent's manifest lets it ask for; that
 * a person decides is no matter of manifests.
 */
export function refusal(
  by: Requester,
  verb: StewardVerb,
  may: readonly string[] = [],
): string | null {
  // Every agent, whatever its manifest; what it may ask about is a matter of that call.
  if (verb === "ask_approval" && by.kind === "agent") return null;
  if (verb === "spawn") return mayNotSpawn(by, may);
  if (verb === "install_layer" && by.kind === "agent" && !may.includes(verb))
    return `${by.name} may not ask for ${verb}: its can.tools has no forge_tool: tell a person`;
  if (verb === "review") return mayNotReview(by, may);
  if (verb === "propose" || verb === "share_tool") return mayNotPropose(by, verb, may);
  switch (by.kind) {
    case "root":
    case "trusted":
      return null;
    case "agent":
      if (may.includes(verb) && !ofPeople.includes(verb)) return null;
      return `${by.name} may not ask for ${verb}: its may.request does not name it: tell a person`;
    case "other":
      return `${by.name} may not ask for ${verb}: only root and members of group trusted may: join the group (usermod -aG trusted ${by.name})`;
  }
}

/** Whatever a manifest says. */
const ofPeople: readonly StewardVerb[] = [
  "approve",
  "deny",
  "remove_layer",
  "rollback",
  "unshare_tool",
  "rollback_tool",
];

/** People write what they want into /etc/con. */
function mayNotPropose(by: Requester, verb: StewardVerb, may: readonly string[]): string | null {
  if (by.kind !== "agent")
    return `${by.name} may not ask for ${verb}: only agents do: edit the files, or con skill add`;
  if (may.includes("propose")) return null;
  return `${by.name} may not ask for ${verb}: its manifest has no may.propose: tell a person`;
}

/** People say their word by `approve` and `deny`. */
function mayNotReview(by: Requester, may: readonly string[]): string | null {
  if (by.kind !== "agent")
    return `${by.name} may not ask for review: only agents do: con approvals`;
  if (may.includes("review")) return null;
  return `${by.name} may not ask for review: its can.tools has no review_change: tell a person`;
}

/** Only for a task of its own can somebody have temporary agents, and only agents have tasks. */
function mayNotSpawn(by: Requester, may: readonly string[]): string | null {
  if (by.kind !== "agent")
    return `${by.name} may not ask for spawn: only agents do: make one that stays with con agent add`;
  if (may.includes("spawn")) return null;
  return `${by.name} may not ask for spawn: its manifest has no can.spawn: tell a person`;
}
