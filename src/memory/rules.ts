/**
 * Who may make a memory trusted, and who may take one away. Pure: every path into the store asks here.
 *
 * Never: lets what came from an unverified source be more than `asserted`, replace or remove what came from a
 * verified one, or raise itself. Only `verify`, with evidence from a person or a verified task, raises.
 */
import type { Actor, Evidence, Memory, Provenance, Source, SourceTrust } from "./types.ts";

/** What a memory can be worth by where it comes from. */
const caps: Readonly<Record<SourceTrust, Readonly<Record<Provenance, number>>>> = {
  verified: { observed: 0.9, asserted: 0.8, inferred: 0.6, verified: 1 },
  unverified: { observed: 0, asserted: 0.5, inferred: 0.4, verified: 1 },
};

/** A verified memory's confidence, where the verifier names none. */
const verifiedConfidence = 0.95;

/** `verified` by an unverified source means that it was verified afterwards. */
export const confidenceCap = (provenance: Provenance, trust: SourceTrust): number =>
  caps[trust][provenance];

export interface Admitted {
  readonly provenance: Provenance;
  readonly confidence: number;
}

/** What a new memory is taken for, whatever it claims: `verified` is not claimed but earned. */
export function admit(
  claimed: { readonly provenance: Provenance; readonly confidence?: number },
  { trust }: Pick<Source, "trust">,
): Admitted {
  const keeps =
    claimed.provenance === "inferred" ||
    (claimed.provenance === "observed" && trust === "verified");
  const provenance = keeps ? claimed.provenance : "asserted";
  const cap = confidenceCap(provenance, trust);
  const wanted = claimed.confidence ?? cap;
  return { provenance, confidence: Math.min(cap, Math.max(0, wanted)) };
}

export interface Standing {
  readonly provenance: Provenance;
  readonly source: Pick<Source, "trust">;
}

/** Higher replaces lower. 0: nobody we trust stands behind it. */
export function standing({ provenance, source }: Standing): number {
  if (provenance === "verified") return 4;
  if (source.trust === "unverified") return 0;
  return { observed: 3, asserted: 2, inferred: 1 }[provenance];
}

/** Whether a new memory may take the place of an old one; where not, both stay and contradict each other. */
export const mayReplace = (incoming: Standing, existing: Standing): boolean =>
  existing.provenance !== "verified" && standing(incoming) >= standing(existing);

/** Null: allowed. Otherwise why not. */
export function whyNotForget(memory: Memory, actor: Actor): string | null {
  if (actor.trust === "verified") return null;
  const own = standing(memory) === 0 && memory.source.from === actor.from;
  return own ? null : "an unverified task may only forget what the same sender told in one";
}

export const whyNotRestore = (actor: Actor): string | null =>
  actor.trust === "verified" ? null : "an unverified task may not bring back what was forgotten";

/** A second look counts, the first one repeated does not. */
export function whyNotVerify(memory: Memory, { task, text }: Evidence): string | null {
  if (memory.deleted !== null) return "it was forgotten: restore it first";
  if (text.trim() === "") return "evidence says what was seen";
  if (task === null) return null;
  if (task.trust !== "verified") return "evidence from an unverified task verifies nothing";
  if (memory.source.task === task.id && memory.source.call === task.call)
    return "the call that stored it is no evidence for it";
  return null;
}

export const verifiedAs = (confidence: number | undefined): Admitted => ({
  provenance: "verified",
  confidence: Math.min(1, Math.max(0, confidence ?? verifiedConfidence)),
});

/** A description stands in prompts: what a verified source wrote is not overwritten by an unverified one. */
export const mayDescribe = (incoming: SourceTrust, existing: SourceTrust | null): boolean =>
  existing === null || incoming === "verified" || existing === "unverified";
