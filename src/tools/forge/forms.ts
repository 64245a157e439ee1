/** The form in which the coder answers. Values of any shape are JSON in a text: strict forms know no other way. */

const text = { type: "string" } as const;

export const forgeForms = {
  forged_program: {
    type: "object",
    properties: {
      code: text,
      tests: {
        type: "array",
        items: {
          type: "object",
          properties: { arguments_json: text, result_json: text },
          required: ["arguments_json", "result_json"],
          additionalProperties: false,
        },
      },
      dependencies: { type: "array", items: text },
    },
    required: ["code", "tests", "dependencies"],
    additionalProperties: false,
  },
} as const;

export interface ForgedProgram {
  readonly code: string;
  readonly tests: readonly { readonly arguments_json: string; readonly result_json: string }[];
  readonly dependencies: readonly string[];
}
