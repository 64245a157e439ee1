/** All attempts that the hostile agent makes itself, in the order in which it makes them. */
import { fileGroups } from "./attempts/files.ts";
import { networkGroups } from "./attempts/network.ts";
import { privilegeGroups } from "./attempts/privileges.ts";
import { processGroups } from "./attempts/processes.ts";
import { serviceGroups } from "./attempts/services.ts";
import { systemGroup } from "./attempts/system.ts";
import type { Group } from "./table.ts";

export const groups: readonly Group[] = [
  ...fileGroups,
  systemGroup,
  ...processGroups,
  ...networkGroups,
  ...privilegeGroups,
  // Ends with an attempt to become root: nothing after it would be an agent's.
  ...serviceGroups,
];

export const attempts = groups.flatMap((group) => group.attempts);
