/** Arguments that several memory tools have. */
const kinds = ["fact", "observation", "decision", "preference", "procedure"] as const;

export const id = {
  type: "string",
  pattern: "^m[1-9][0-9]{0,14}$",
  description: "Id of a memory, e.g. m12",
} as const;

export const category = {
  type: "string",
  minLength: 1,
  maxLength: 60,
  description: "A short name in a few words, e.g. deployment; reuse one that is there",
} as const;

/** Of shared memories. */
export const directory = { type: "string", minLength: 1, maxLength: 4096 } as const;

export const kind = {
  type: "string",
  enum: [...kinds],
  description:
    "fact, observation (you saw it in a result), decision, preference (of a person), procedure (how something is done)",
} as const;
