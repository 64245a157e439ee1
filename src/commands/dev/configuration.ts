/** The configuration of a `con dev` directory, with its problems told. Reads only. */
import { loadConfigFiles } from "../../config/load.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Config, Problem } from "../../config/types.ts";
import { assembleAll } from "../../host/assembled.ts";
import type { Assembled } from "../../host/instructions.ts";
import { libraryOf } from "../../host/skills.ts";
import { readTree } from "../../host/tree.ts";
import { ConError, exit } from "../../system/errors.ts";
import { readShippedSkills } from "../shared/shipped-skills.ts";

export interface DevConfiguration {
  readonly config: Config;
  readonly assembled: ReadonlyMap<string, Assembled>;
}

/**
 * Tells every problem in a line of its own. Throws 78 when nothing can be run; an agent with a bad
 * manifest is only left out.
 */
export function readConfiguration(
  directory: string,
  tell: (complaint: string) => void,
): DevConfiguration {
  const { config, problems } = parseConfig(loadConfigFiles(directory));
  for (const problem of problems) tell(sentence(problem));
  if (config === null) {
    const why = `it has ${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
    throw new ConError(exit.configuration, directory, why, "correct con.yaml, see above");
  }
  const { tree, findings, refused } = readTree(directory);
  const library = libraryOf({ tree, refused, shipped: readShippedSkills() });
  const all = assembleAll(config, library, { tree, directory });
  for (const { what, why, remedy } of [...findings, ...all.findings])
    tell(`${what}: ${why}: ${remedy}`);
  for (const problem of all.problems) tell(sentence(problem));
  return { config, assembled: all.agents };
}

function sentence({ file, line, column, key, why, remedy }: Problem): string {
  const subject = key === "" ? "" : `${key}: `;
  return `${file}:${line}:${column}: ${subject}${why}: ${remedy}`;
}
