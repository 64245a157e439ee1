/**
 * Layers of the packages that a program declares: those that are laid down, and the others asked of the steward, which
 * has them laid down within a minute or, where people are asked first, some time. Never: installs anything itself, or
 * believes that something is there because it was asked for.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ToolResult } from "../result.ts";
import type { ToolContext } from "../tool.ts";
import type { LayerDesk } from "./desk.ts";
import type { ForgePackage } from "./types.ts";

export type Got =
  | { readonly kind: "layers"; readonly layers: readonly string[] }
  | { readonly kind: "unrun"; readonly why: string }
  /** The call waits for people. */
  | { readonly kind: "held"; readonly result: ToolResult };

type Asking = Pick<ToolContext, "steward" | "callId" | "now" | "signal">;

/** Longer than the installer may take; others may come first. After that it is not waited for here, but as people are. */
const soonMs = 300_000;
const lookMs = 250;
/** People may be away for a day. */
const patienceMs = 25 * 3_600_000;

export async function layersOf(
  packages: readonly ForgePackage[],
  desk: LayerDesk,
  context: Asking,
): Promise<Got> {
  const layers: string[] = [];
  for (const entry of packages) {
    const layer = desk.find(entry) ?? (await laidDown(entry, desk, context));
    if (typeof layer !== "string") return layer;
    layers.push(layer);
  }
  return { kind: "layers", layers: [...new Set(layers)] };
}

async function laidDown(
  entry: ForgePackage,
  desk: LayerDesk,
  { steward, callId, now, signal }: Asking,
): Promise<string | Exclude<Got, { kind: "layers" }>> {
  const { language, package: name } = entry;
  if (steward === undefined) return unrun(`there is no layer of ${name}, and no steward here`);
  const [began, until] = [now(), now() + patienceMs];
  const why = `package ${name} for a forged tool`;
  const request = { verb: "install_layer", language, package: name, why };
  const asked = await steward(request, callId, { until, why });
  if (!asked.ok) return unrun(asked.why);
  while (!desk.asksPeople() && now() - began < soonMs) {
    if (signal.aborted) return unrun("the task was stopped");
    const layer = desk.find(entry);
    if (layer !== null) return layer;
    // Why is no matter of a model: a registry may have chosen the words.
    if (desk.hasFailed(entry, asked.id))
      return unrun(`${name} could not be installed: con package list tells people why`);
    await pause(lookMs);
  }
  const hold = {
    waitFor: [asked.id],
    until,
    why: `${why} (${asked.id}); after done, forge it again`,
  };
  return { kind: "held", result: { ok: true, text: `asked for ${name}: ${asked.id}`, hold } };
}

const unrun = (why: string) => ({ kind: "unrun", why }) as const;
