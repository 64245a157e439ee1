/** How large a skill may be. Copies of it lie with each agent that has it, so these are small. */
export const skillBounds = {
  files: 100,
  /** Of SKILL.md. */
  textBytes: 64 * 1024,
  /** Of all files together. */
  bytes: 1 << 20,
  depth: 6,
  /** More lines of SKILL.md than this belong into files of their own. */
  bodyLines: 500,
  description: 1024,
  compatibility: 500,
} as const;

export const skillFile = "SKILL.md";
/** Never two dashes in a row, as the specification has it. */
export const skillName = /^(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
