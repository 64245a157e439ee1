/** Reports of other models on disk, where the agent reads them again: `reports/` of its workspace. */
import { join } from "node:path";
import { cutMiddle } from "../../sandbox/output.ts";
import { errnoOf } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { below, Denied } from "../files/reach.ts";
import { storeWithin } from "../files/store.ts";
import type { ToolContext } from "../tool.ts";

/** Characters of an answer that go back to the model at once. */
const replyChars = 20_000;

/** Where it lies, or why it could not be kept: what it says is not lost for that. */
export function keepReport(
  { files, callId, now }: Pick<ToolContext, "files" | "callId" | "now">,
  kind: "advice" | "analysis" | "summary" | "opinion" | "forge" | "result",
  text: string,
): { readonly path: string } | { readonly why: string } {
  const { workspace } = files;
  const path = join(workspace, "reports", `${stampOf(now())}-${callId}-${kind}.md`);
  try {
    storeWithin(below(workspace), path, Buffer.from(text.endsWith("\n") ? text : `${text}\n`));
    return { path };
  } catch (error) {
    if (!(error instanceof Denied) && errnoOf(error) === null) throw error;
    return { why: reasonOf(error) };
  }
}

/** `20270131-090000`, UTC: names sort by time. */
const stampOf = (at: number): string =>
  new Date(at).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);

export const whereText = (kept: ReturnType<typeof keepReport>): string =>
  "path" in kept ? `kept in ${kept.path}` : `it could not be kept: ${kept.why}`;

/** An answer as a result; all of a long one lies in a report. */
export function shownOrKept(
  context: Pick<ToolContext, "files" | "callId" | "now">,
  kind: "summary" | "opinion" | "result",
  text: string,
): string {
  if (text.length <= replyChars) return text;
  return cutMiddle(
    text,
    replyChars,
    `cut; all of it: ${whereText(keepReport(context, kind, text))}`,
  );
}

export const shown = (text: string, kept: ReturnType<typeof keepReport>): string =>
  cutMiddle(text, replyChars, `cut; all of it: ${whereText(kept)}`);
