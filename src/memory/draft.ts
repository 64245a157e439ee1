/** A draft made fit for the store: cleaned, measured, judged by the rules, with what finds its like. Pure. */
import { createHash } from "node:crypto";
import { type Admitted, admit } from "./rules.ts";
import { clean, key } from "./text.ts";
import { type Draft, kinds, limits, provenances, type Source } from "./types.ts";

export interface Prepared extends Admitted {
  readonly principal: string;
  readonly kind: Draft["kind"];
  readonly category: string;
  readonly categoryKey: string;
  readonly description: string;
  readonly title: string;
  readonly titleKey: string;
  readonly text: string;
  readonly details: string | null;
  /** Equal for drafts that say exactly the same. */
  readonly digest: Buffer;
  readonly source: Source;
  readonly expires: number | null;
  readonly replaces: readonly string[];
  readonly contradicts: readonly string[];
}

export interface Refused {
  readonly why: string;
}

/** The draft, or why it is refused; `why` names the field. */
export function prepareDraft(draft: Draft): Prepared | Refused {
  const texts = {
    category: clean(draft.category).trim(),
    title: clean(draft.title).trim(),
    text: clean(draft.text),
    details: clean(draft.details ?? ""),
    description: clean(draft.categoryDescription ?? "").trim(),
  };
  const why = whyNot(draft, texts);
  if (why !== null) return { why };
  const { category, title, text, description } = texts;
  const details = texts.details === "" ? null : texts.details;
  const [categoryKey, titleKey] = [key(category), key(title)];
  const same = [draft.principal, draft.kind, categoryKey, titleKey, text, details];
  return {
    ...admit(draft, draft.source),
    principal: draft.principal,
    kind: draft.kind,
    ...{ category, categoryKey, description, title, titleKey, text, details },
    digest: createHash("sha256").update(JSON.stringify(same)).digest(),
    source: sourceOf(draft.source),
    expires: draft.expires == null ? null : Math.round(draft.expires),
    replaces: draft.replaces ?? [],
    contradicts: draft.contradicts ?? [],
  };
}

const sourceOf = ({ task, from, trust, call }: Source): Source => ({
  task: task === null ? null : clean(task),
  from: clean(from),
  // Whatever is not the one word for trust is no trust.
  trust: trust === "verified" ? "verified" : "unverified",
  call: call === null ? null : clean(call),
});

type Texts = Readonly<Record<"category" | "title" | "text" | "details" | "description", string>>;

function whyNot(draft: Draft, texts: Texts): string | null {
  if (!kinds.includes(draft.kind)) return `kind: one of ${kinds.join(", ")}`;
  if (!provenances.includes(draft.provenance))
    return `provenance: one of ${provenances.join(", ")}`;
  const { confidence, expires } = draft;
  if (confidence !== undefined && !(confidence >= 0 && confidence <= 1))
    return "confidence: a number from 0 to 1";
  if (expires != null && !Number.isFinite(expires)) return "expires: a time";
  for (const name of ["category", "title", "text"] as const)
    if (texts[name].trim() === "") return `${name}: empty`;
  const { principal, source } = draft;
  const names = [principal, source.from, source.task ?? "-", source.call ?? "-"];
  if (names.some((name) => name === "" || size(name) > limits.name))
    return "principal or source: empty or too long";
  for (const name of ["category", "title", "text", "details", "description"] as const)
    if (size(texts[name]) > limits[name])
      return `${name}: ${size(texts[name])} bytes, at most ${limits[name]}`;
  return null;
}

const size = (text: string): number => Buffer.byteLength(text);
