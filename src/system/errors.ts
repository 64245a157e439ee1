/**
 * Errors meant for people: what, why, what to do; and the exit code that says the same to scripts.
 * Codes follow sysexits.h. Anything else that is thrown is a bug of ours and ends with 70.
 */

export const exit = {
  ok: 0,
  no: 1,
  usage: 64,
  badInput: 65,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  tryLater: 75,
  permission: 77,
  configuration: 78,
} as const;

export type ExitCode = (typeof exit)[keyof typeof exit];

export class ConError extends Error {
  override readonly name = "ConError";
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  readonly code: ExitCode;

  constructor(code: ExitCode, what: string, why: string, remedy: string, options?: ErrorOptions) {
    super(`${what}: ${why}: ${remedy}`, options);
    this.code = code;
    this.what = what;
    this.why = why;
    this.remedy = remedy;
  }
}

/** What a thrown value says of itself. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
