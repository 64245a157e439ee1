/** Whether StrykerJS runs the tests: in a thread, which has no umask of its own, some of them once for each change. */
import { areaVariable } from "../proof/support/mutation-areas.ts";

export const isMutated = process.env[areaVariable] !== undefined;
