/**
 * YAML for front matter that people wrote by hand: failsafe schema, no aliases, no second document,
 * warnings are errors. Loaded only when `readSimple` gave up. Throws `Error` with one line for people.
 */
import type { ParseYaml } from "./front-matter.ts";

/** Loads the parser; costs some 20 ms the first time. */
export async function loadYaml(): Promise<ParseYaml> {
  const { parseDocument } = await import("yaml");
  return (text) => {
    const document = parseDocument(text, {
      schema: "failsafe",
      strict: true,
      uniqueKeys: true,
      prettyErrors: true,
    });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) throw new Error(problem.message.split("\n")[0] ?? problem.code);
    return document.toJS({ maxAliasCount: 0 });
  };
}
