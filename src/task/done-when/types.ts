/** Completion checks of a task, as values. Types and limits only. */

/** What a sender demands before its task counts as done. */
export interface DoneWhen {
  readonly checks: readonly CompletionCheck[];
  /** How often the checks are made before the task has failed. */
  readonly rounds: number;
}

/** Read by schema.ts, so it is small and plain. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface CompletionCheck {
  /** Unique in its task; one line. */
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly probe: CompletionProbe;
}

export type CompletionProbe =
  | { readonly kind: "path_exists" | "path_not_exists"; readonly path: string }
  | {
      readonly kind: "regex_in_file" | "no_regex_in_file";
      readonly path: string;
      readonly pattern: string;
    }
  | {
      readonly kind: "json_key" | "yaml_key";
      readonly path: string;
      /** Names and list positions, joined by dots. */
      readonly key: string;
      readonly wanted: WantedValue;
    }
  | {
      readonly kind: "command";
      /** Shell text; its output is `$RESULT` of `test`. */
      readonly run: string;
      readonly test: string | null;
      /** Null = 0, or any when there is a `test`. */
      readonly exitCode: number | null;
      readonly outputMatches: string | null;
    }
  | { readonly kind: "answer_matches"; readonly pattern: string }
  | { readonly kind: "answer_json"; readonly schema: JsonSchema };

export type Scalar = string | number | boolean | null;

export type WantedValue =
  | { readonly equals: Scalar }
  | { readonly matches: string }
  | { readonly exists: boolean };

/** Element of `checks` in `ID.json`: public interface, change only by adding. */
export interface CheckResult {
  readonly name: string;
  /** `error`: it could not be made, so it is not passed. */
  readonly state: "pass" | "fail" | "error";
  /** For people; bounded. */
  readonly found: string;
}

export const maxChecks = 20;
export const maxRounds = 5;
export const defaultRounds = 3;
export const defaultTimeoutSeconds = 60;
export const maxTimeoutSeconds = 3600;
export const maxScriptBytes = 4096;
export const maxPatternChars = 1000;
export const maxPathChars = 1024;
export const maxNameChars = 80;
