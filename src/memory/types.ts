/**
 * What a memory is, what may be asked of the store, and what it answers. Types and limits only; the rules of
 * trust are in `rules.ts`, of fading in `decay.ts`.
 */

export const kinds = ["fact", "observation", "decision", "preference", "procedure"] as const;
export type Kind = (typeof kinds)[number];

/**
 * How a memory came to be known. `observed`: a tool's result in a verified task; `asserted`: somebody said it;
 * `inferred`: the model concluded it; `verified`: checked later, see `Evidence`.
 */
export const provenances = ["observed", "asserted", "inferred", "verified"] as const;
export type Provenance = (typeof provenances)[number];

/** As `Trust` of a task; this layer knows no tasks. */
export type SourceTrust = "verified" | "unverified";

/** Longest of each text, UTF-8 bytes. Longer ones are refused, never cut. */
export const limits = {
  title: 400,
  category: 120,
  description: 600,
  text: 4096,
  details: 65_536,
  evidence: 4096,
  name: 400,
} as const;

/** Where a memory comes from. Whoever stores fills it in; nothing of it is the model's to say. */
export interface Source {
  /** Id of the task; null when a person wrote it by command. */
  readonly task: string | null;
  /** Who sent the task, as the kernel named it. */
  readonly from: string;
  /** `unverified` as soon as anything of the text came from an unverified sender, page or file. */
  readonly trust: SourceTrust;
  /** Id of the tool call; null outside of one. */
  readonly call: string | null;
}

/** What a caller wants remembered. Text is cleaned (`text.ts`) and never cut. */
export interface Draft {
  readonly principal: string;
  readonly kind: Kind;
  readonly category: string;
  /** What the category is for; kept from the first trusted draft that tells it. */
  readonly categoryDescription?: string;
  readonly title: string;
  readonly text: string;
  readonly details?: string;
  readonly provenance: Provenance;
  /** 0 to 1; lowered to what its provenance and source allow. */
  readonly confidence?: number;
  readonly source: Source;
  /** Epoch milliseconds after which it is no longer found; null: never. */
  readonly expires?: number | null;
  /** Ids that this one takes the place of, where the rules allow; otherwise both are kept and linked. */
  readonly replaces?: readonly string[];
  readonly contradicts?: readonly string[];
}

/** A memory as it is kept. Times are epoch milliseconds. */
export interface Memory {
  /** `m` and a number that is never used again. */
  readonly id: string;
  /** Whose it is: nobody else's search finds it. */
  readonly principal: string;
  readonly kind: Kind;
  readonly category: string;
  readonly title: string;
  readonly text: string;
  readonly provenance: Provenance;
  /** As stored; `decay.ts` says what is left of it today. */
  readonly confidence: number;
  readonly source: Source;
  readonly created: number;
  readonly updated: number;
  readonly lastUsed: number | null;
  readonly uses: number;
  readonly expires: number | null;
  readonly deleted: number | null;
  /** Id of the memory that took its place. */
  readonly replacedBy: string | null;
  readonly hasDetails: boolean;
}

export interface Evidence {
  /** The person or agent that checked. */
  readonly by: string;
  /** Null when a person checked it by command. */
  readonly task: { readonly id: string; readonly trust: SourceTrust; readonly call: string } | null;
  /** What was seen, for whoever asks later. */
  readonly text: string;
}

/** Who wants something done to a memory that is there. */
export type Actor = Source;

export type Stored =
  | ({ readonly outcome: "stored" | "known"; readonly id: string } & Linked)
  /** Nothing was written; `why` is for the model and the person. */
  | { readonly outcome: "refused"; readonly why: string };

interface Linked {
  readonly provenance: Provenance;
  readonly confidence: number;
  readonly replaced: readonly string[];
  readonly contradicts: readonly string[];
  /** Why there is no vector yet, which upkeep then makes; null where all is well. */
  readonly withoutVector: string | null;
}

export type Changed =
  | { readonly outcome: "done"; readonly id: string }
  | { readonly outcome: "missing" | "refused"; readonly why: string };

export interface Filter {
  readonly kinds?: readonly Kind[];
  readonly categories?: readonly string[];
  readonly provenances?: readonly Provenance[];
  /** Only what was created at or after, epoch milliseconds. */
  readonly since?: number;
  readonly until?: number;
}

export interface Query extends Filter {
  /** Whose memories may be found; none named, none found. */
  readonly principals: readonly string[];
  readonly text: string;
  /** At most `maxResults`. */
  readonly limit?: number;
}

export const maxResults = 50;

/** Why a result is where it is. Ranks count from 1; null: this way did not find it. */
export interface Scores {
  readonly total: number;
  readonly words: { readonly rank: number; readonly bm25: number } | null;
  readonly vector: { readonly rank: number; readonly cosine: number } | null;
  /** Confidence after decay. */
  readonly confidence: number;
  readonly freshness: number;
}

export interface Hit {
  readonly memory: Memory;
  readonly snippet: string;
  readonly scores: Scores;
  /** Live memories that say something else about the same; the caller shows them beside it. */
  readonly contradicts: readonly Memory[];
}

export interface Found {
  readonly hits: readonly Hit[];
  /** Why vectors had no part in it; null when they had. */
  readonly withoutVectors: string | null;
}

/** Makes vectors of texts. `model` and `dimensions` are stored; another pair means embedding anew. */
export interface Embedder {
  readonly model: string;
  readonly dimensions: number;
  /** Below this cosine two texts have nothing in common. */
  readonly floor: number;
  /** One vector per text, in order. Throws where it cannot; the memory is kept all the same. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[]>;
}

export interface Category {
  readonly name: string;
  readonly description: string;
  /** `unverified`: the description is shown as such. */
  readonly trust: SourceTrust;
  readonly count: number;
  /** Creation of the newest, epoch milliseconds. */
  readonly newest: number;
}

export interface Entry {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly provenance: Provenance;
  readonly trust: SourceTrust;
  readonly created: number;
}
