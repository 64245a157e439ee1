/** All attempts that the hostile agent makes itself, in the order in which it makes them. */
import { bridgeGroup } from "./attempts/bridge.ts";
import { fileGroups } from "./attempts/files.ts";
import { networkGroups } from "./attempts/network.ts";
import { privilegeGroups } from "./attempts/privileges.ts";
import { processGroups } from "./attempts/processes.ts";
import { promisedGroup } from "./attempts/promised.ts";
import { serviceGroups } from "./attempts/services.ts";
import { systemGroup } from "./attempts/system.ts";
import type { Group } from "./table.ts";

export const groups: readonly Group[] = [
  ...fileGroups,
  systemGroup,
  promisedGroup,
  ...processGroups,
  ...networkGroups,
  bridgeGroup,
  ...privilegeGroups,
  // Ends with an attempt to become root: nothing after it would be an agent's.
  ...serviceGroups,
];

export const attempts = groups.flatMap((group) => group.attempts);
