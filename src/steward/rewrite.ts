/** What amend, grant and revoke have in common: a manifest that is there gets another text. */
import { holdForApproval } from "./approvals.ts";
import { askerOf, tooMuch } from "./authority.ts";
import { type Change, carryOut, settle } from "./change.ts";
import { changeFor, filesNow, manifestOf, manifestPath, signature } from "./edit.ts";
import { grantWords } from "./grants.ts";
import { type Checked, checkManifest, signed } from "./manifest.ts";
import type { Requester } from "./policy.ts";
import type { RequestOf } from "./verb.ts";
import { type Asked, agentCalled, type Deed, done, isDeed, refused } from "./verb.ts";
import type { StewardWorld } from "./world.ts";

interface Wish {
  readonly request: RequestOf<"amend"> | RequestOf<"grant" | "revoke">;
  readonly by: Requester;
  readonly asked: Asked;
}

interface Text {
  readonly text: string;
  /** Written before the manifest. */
  readonly more: readonly { readonly path: string; readonly after: string }[];
}

/** `checked` is what `text` says. */
export async function rewrite(
  world: StewardWorld,
  { request, by, asked }: Wish,
  checked: Extract<Checked, { readonly ok: true }>,
  { text, more }: Text,
): Promise<Deed> {
  const { agent: name } = request;
  await settle(world, name, asked.id);
  const there = agentCalled(world, name);
  if (isDeed(there)) return there;
  const old = manifestOf(world, name);
  if (old === null) return refused(`agent ${name}: it has no manifest any more: con agent remove`);
  const excess = asked.approved === null ? reasonsToAsk(world, request, by, { checked, old }) : [];
  if (excess.length > 0) return holdForApproval(world, request, by, asked.id, excess);
  const line = signature(world, inPast[request.verb], by, asked.id);
  // Done already, and cut off before the answer.
  if (old.includes(`request ${asked.id}`)) return done([`${name} has that manifest already`], null);
  const change = changeFor(world, { id: asked.id, agent: name, kind: "amend" }, [
    ...more,
    { path: manifestPath(world, name), after: signed(text, line) },
  ]);
  return carried(world, change);
}

/** What goes too far for the asker to give, in words. What it wants for itself always does. */
function reasonsToAsk(
  world: StewardWorld,
  request: Wish["request"],
  by: Requester,
  {
    checked,
    old,
  }: { readonly checked: Extract<Checked, { readonly ok: true }>; readonly old: string },
): string[] {
  if (request.verb === "grant" && askerOf(world, by) === request.agent)
    return grantWords(request.can).map((what) => `for itself: ${what}`);
  return tooMuch(world, by, { ...checked, before: before(world, old) });
}

const inPast = { amend: "Amended", grant: "Granted", revoke: "Revoked" } as const;

/** The agent as its manifest said until now; null where that was broken. */
function before(world: StewardWorld, text: string) {
  const checked = checkManifest(world.places.configuration, filesNow(world), text);
  return checked.ok ? checked.agent : null;
}

export async function carried(world: StewardWorld, change: Change): Promise<Deed> {
  const result = await carryOut(world, change);
  if (!result.ok) return { ...refused(result.why), status: "failed" };
  return done([`the manifest of ${change.agent} was changed`, ...result.changes], null);
}
