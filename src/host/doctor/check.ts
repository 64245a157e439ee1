/** The outcome of one check of `con doctor`. Pure. */

export interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "failure";
  /** What was seen. */
  readonly found: string;
  /** Empty when there is nothing to do. */
  readonly remedy: string;
}

export const fine = (name: string, found: string): Check => ({
  name,
  state: "ok",
  found,
  remedy: "",
});
export const bad = (
  name: string,
  found: string,
  remedy: string,
  state: "warning" | "failure" = "failure",
): Check => ({ name, state, found, remedy });
