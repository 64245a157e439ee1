/**
 * What may be asked of the steward, and what it answers. Types only; `request.schema.json` says the same to
 * programs. A request is a file in the steward's inbox; who asks is the owner of that file.
 */

import type { Agent } from "../config/types.ts";
import type { ChildOrder } from "../host/children/types.ts";
import type { FactKind } from "../host/kinds.ts";
import type { LayerLanguage } from "../system/layers/names.ts";

export type StewardVerb =
  | "pause"
  | "resume"
  | "kill_session"
  | "quarantine"
  | "halt"
  | "resume_all"
  | "reapply"
  | "commission"
  | "amend"
  | "retire"
  | "grant"
  | "revoke"
  | "install"
  | "install_layer"
  | "remove_layer"
  | "spawn"
  | "propose"
  | "review"
  | "share_tool"
  | "unshare_tool"
  | "rollback_tool"
  | "rollback"
  | "ask_approval"
  | "approve"
  | "deny";

export type StewardRequest = {
  readonly version: 1;
  /** What a person or contract says it is for; one line, at most 500 characters. */
  readonly why: string;
  /** Incident that led to it, or null. */
  readonly incident: string | null;
} & (
  | { readonly verb: "pause" | "resume" | "kill_session" | "quarantine"; readonly agent: string }
  | { readonly verb: "halt"; readonly scope: HaltScope }
  | { readonly verb: "resume_all" }
  /** Brings back what drifted of these kinds; empty = all. */
  | { readonly verb: "reapply"; readonly facts: readonly FactKind[] }
  /** A new agent: the text of its manifest, and of its NAME.md. */
  | { readonly verb: "commission"; readonly manifest: string; readonly instructions?: string }
  /** The whole manifest anew; instructions stay as they are when none are given. */
  | {
      readonly verb: "amend";
      readonly agent: string;
      readonly manifest: string;
      readonly instructions?: string;
    }
  | { readonly verb: "retire"; readonly agent: string }
  | { readonly verb: "grant" | "revoke"; readonly agent: string; readonly can: GrantLists }
  /** Packages of the allow-list. */
  | { readonly verb: "install"; readonly packages: readonly string[] }
  /** A package of `forge.packages`, as a layer for forged tools. */
  | {
      readonly verb: "install_layer" | "remove_layer";
      readonly language: LayerLanguage;
      /** `NAME==VERSION`. */
      readonly package: string;
    }
  /** Temporary agents for one call of the asker's task; answered when all of them have ended. */
  | SpawnRequest
  /** May this call be made? Answered when people have decided, or never. */
  | {
      readonly verb: "ask_approval";
      readonly tool: string;
      readonly arguments_sha256: string;
      readonly arguments_bytes: number;
      readonly preview: string;
      readonly task: string;
      readonly call: string;
      /** After that nobody waits for the answer. */
      readonly expires: string;
      /** Of the rules for that tool the one that holds for the call, as the runner judges. */
      readonly approvers?: number;
      /** Of tool `spend` only. */
      readonly spend?: SpendWish;
    }
  /** Of the asker's own instructions or of one of its own skills. Waits for people in any case. */
  | ProposeRequest
  /** An agent wants others to use a tool that it forged. Waits for people in any case. */
  | ShareRequest
  /** A reviewing agent reads what waits (null), or says its word on it. */
  | {
      readonly verb: "review";
      readonly approval: string;
      readonly verdict: "approve" | "deny" | null;
    }
  /** Nobody may call it any more. */
  | { readonly verb: "unshare_tool"; readonly tool: string }
  /** Another version that was shared once; without one, the one before. */
  | { readonly verb: "rollback_tool"; readonly tool: string; readonly revision: number | null }
  /** `proposal` is the id of the request that proposed it. */
  | { readonly verb: "rollback"; readonly proposal: string }
  /** `approval` is the id of the request that waits. */
  | { readonly verb: "approve" | "deny"; readonly approval: string }
);

/** Where something was thought of, as the asker's runner says. */
export interface TaskOrigin {
  readonly task: string;
  readonly call: string;
  readonly from: string;
  readonly trust: "verified" | "unverified";
  /** That task has read words of strangers. */
  readonly tainted: boolean;
}

/** A name and a digest: what lies there is read by root. */
export interface ShareRequest extends TaskOrigin {
  readonly verb: "share_tool";
  /** Without `forged.`. */
  readonly tool: string;
  /** Of the asker's own versions. */
  readonly revision: number;
  /** Over all files of that version. */
  readonly sha256: string;
}

export interface ProposeRequest extends TaskOrigin {
  readonly verb: "propose";
  /** `instructions`, `skill:NAME` or `contract:NAME`. */
  readonly target: string;
  readonly files: readonly ProposedEdit[];
}

/** One of: the whole text, a piece for another one, a text at the end. */
export interface ProposedEdit {
  /** `AGENTS.md` for instructions, `contract.yaml` for a contract; relative to the skill's folder. */
  readonly path: string;
  /** All of it; null takes the file away. */
  readonly content?: string | null;
  /** Stands there exactly once. */
  readonly old?: string;
  readonly new?: string;
  readonly append?: string;
}

/** A file as it is, or is to be. */
export interface ProposedFile {
  readonly path: string;
  /** Null = not there. */
  readonly content: string | null;
}

export interface SpawnRequest {
  readonly verb: "spawn";
  /** The asker's task and its call, which wait. */
  readonly task: string;
  readonly call: string;
  /** What that task carries on to those that come from it. */
  readonly thread: string | null;
  readonly hops: number;
  readonly via: readonly string[];
  /** For whom the asker works, as its runner says it to those that it asks. */
  readonly on_behalf_of?: string;
  /** Nobody waits after it, and what has not ended is ended. */
  readonly deadline: string;
  readonly children: readonly ChildOrder[];
}

/** A task may go on when people agreed to so many slices of its limit beyond the first. */
export interface SpendWish {
  /** Whose task: the asker, or an agent above a temporary one. */
  readonly agent: string;
  readonly task: string;
  readonly unit: "usd" | "tokens";
  readonly slice: number;
}

/** Entries to put into, or take out of, the lists of a manifest's `can`. */
export type GrantLists = Partial<Record<keyof Agent["can"], readonly GrantEntry[]>>;

/** A text, or a map from that text to its bounds, as a manifest has it. Bounds count for `grant` only. */
export type GrantEntry = string | { readonly [text: string]: GrantBounds };

export type GrantBounds = {
  readonly until?: string;
  /** How long from the moment at which it is granted; `until` in the manifest. */
  readonly for?: string;
  /** Of tools. */
  readonly uses?: number;
  readonly per_minute?: number;
};

export type HaltScope = "workers" | "agents";

export interface StewardAnswer {
  readonly version: 1;
  /** The request's own id, which is its file name without `.json`. */
  readonly id: string;
  readonly at: string;
  readonly by: { readonly uid: number; readonly name: string };
  readonly verb: StewardVerb | null;
  readonly status: "done" | "refused" | "failed";
  /** Of a refusal or failure: what, why, what to do. */
  readonly error: string | null;
  /** What was different and is as it should be now, in words. */
  readonly changes: readonly string[];
  /** What others said about it: their words, marked as such. */
  readonly said?: string;
  /** The exact command that takes it back; null where there is nothing to take back. */
  readonly undo: string | null;
}
