/**
 * YAML for front matter that people wrote by hand: no aliases, no second document, warnings are
 * errors; failsafe schema, and the core schema below the keys of `typed`. Loaded only when
 * `readSimple` gave up. Throws `Error` with one line for people.
 */
import { type ParseYaml, typed } from "./front-matter.ts";

/** Loads the parser; costs some 20 ms the first time. */
export async function loadYaml(): Promise<ParseYaml> {
  const failsafe = await loadSchema("failsafe");
  const core = await loadSchema("core");
  return (text) => {
    const values = failsafe(text);
    // Of a text or a list these are positions, and none is typed.
    const keys = Object.keys(values ?? {}).filter((key) => typed.has(key));
    if (keys.length === 0) return values;
    const again = core(text) as Readonly<Record<string, unknown>>;
    return { ...(values as object), ...Object.fromEntries(keys.map((key) => [key, again[key]])) };
  };
}

/** For a text that is all about what must hold: `true` is no text. */
export const loadTypedYaml = (): Promise<ParseYaml> => loadSchema("core");

/** What is not there (`a:`, `{a}`) is a text as well, the empty one: this schema knows no null (YAML 1.2 §10.1). */
const reviver = (_: unknown, value: unknown): unknown => value ?? "";

async function loadSchema(schema: "failsafe" | "core"): Promise<ParseYaml> {
  const { parseDocument } = await import("./yaml-library.ts");
  return (text) => {
    const document = parseDocument(text, {
      schema,
      strict: true,
      uniqueKeys: true,
      prettyErrors: true,
      // It would print parts of the text for a key that is no text.
      logLevel: "error",
      // A tag such as !!binary or !!set makes what is neither text, list nor map.
      resolveKnownTags: false,
    });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) throw new Error(problem.message.split("\n")[0] ?? problem.code);
    if (document.contents === null) return null;
    return document.toJS({ maxAliasCount: 0, ...(schema === "failsafe" ? { reviver } : {}) });
  };
}
