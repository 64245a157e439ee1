/** An AgentSkills folder (agentskills.io/specification) as values. Types only. */

/** Path inside the folder → content, SKILL.md included. */
export type SkillFiles = ReadonlyMap<string, Uint8Array>;

/** What the front matter says. */
export interface SkillHead {
  readonly name: string;
  /** One line without anything that could pass for more than words. */
  readonly description: string;
  /** `metadata.category`, for long catalogues; null where there is none. */
  readonly category: string | null;
  readonly license: string | null;
  readonly compatibility: string | null;
  /** Names from `allowed-tools`. They never grant anything. */
  readonly allowedTools: readonly string[];
}

export interface SkillProblem {
  /** Path inside the folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly why: string;
  readonly remedy: string;
}

export interface CheckedSkill {
  /** Null when there is a problem: then the skill is given to nobody. */
  readonly head: SkillHead | null;
  readonly problems: readonly SkillProblem[];
  /** What a person should know and that stops nothing. */
  readonly warnings: readonly SkillProblem[];
}

/** What an agent is told about a skill of its own before it opens it. */
export interface SkillEntry {
  readonly name: string;
  readonly description: string;
  readonly category?: string | null;
}
