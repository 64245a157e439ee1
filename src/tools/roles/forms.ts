/**
 * The forms in which models answer the roles. build/generate.ts compiles them to code; a provider gets them as
 * they are, so every key is required and no other allowed.
 */

const text = { type: "string" } as const;

export const roleForms = {
  file_analysis: {
    type: "object",
    properties: { executive_summary: text, full_report: text },
    required: ["executive_summary", "full_report"],
    additionalProperties: false,
  },
} as const;

export interface FileAnalysis {
  readonly executive_summary: string;
  readonly full_report: string;
}
