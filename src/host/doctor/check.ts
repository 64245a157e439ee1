/** The outcome of one check of `con doctor`. Pure. */

export type DoctorSeverity = "critical" | "high" | "medium" | "low" | "ok";

export interface Check {
  readonly name: string;
  /** About the machine that con runs on, or about con on it. */
  readonly group: "machine" | "installation";
  /** From the severity: critical and high are failures, medium and low are warnings. */
  readonly state: "ok" | "warning" | "failure";
  readonly severity: DoctorSeverity;
  /** What was seen. */
  readonly found: string;
  /** The command that mends it; empty when there is nothing to do. */
  readonly remedy: string;
}

/** A check before it is known what it is about. */
export type Finding = Omit<Check, "group">;

export const fine = (name: string, found: string): Finding => ({
  name,
  state: "ok",
  severity: "ok",
  found,
  remedy: "",
});

/** Critical: agents are not held, or nothing works. High: a part does not. Medium and low: it works, less well. */
export const bad = (
  name: string,
  found: string,
  remedy: string,
  severity: Exclude<DoctorSeverity, "ok"> = "high",
): Finding => ({
  name,
  state: severity === "critical" || severity === "high" ? "failure" : "warning",
  severity,
  found,
  remedy,
});

export const inGroup = (group: Check["group"], findings: readonly Finding[]): Check[] =>
  findings.map((finding) => ({ ...finding, group }));
