/** Actions in words, and the exact commands that take them back. Pure. */
import type { Action, ActionTaken } from "../types.ts";

/** Commands, one for each agent where it is about agents; empty where there is nothing to take back. */
export function undoOf(action: Action, agents: readonly string[]): string[] {
  switch (action) {
    case "quarantine":
      return agents.map((name) => `con agent resume ${name}`);
    case "halt_workers":
    case "halt_agents":
      return ["con resume"];
    case "alert":
    case "reapply":
    case "kill_session":
      return [];
  }
}

export function inWords({ action, agents }: Pick<ActionTaken, "action" | "agents">): string {
  const whom = agents.join(", ");
  switch (action) {
    case "alert":
      return "said so";
    case "reapply":
      return "asked the steward to bring back what drifted";
    case "kill_session":
      return `asked the steward to end the session of ${whom} (the task returns to the queue)`;
    case "quarantine":
      return `asked the steward to quarantine ${whom}`;
    case "halt_workers":
      return "asked the steward to halt all workers";
    case "halt_agents":
      return "asked the steward to halt all agents";
  }
}

/** Said where an action is wanted that has nobody to act on. */
export const nobodyToActOn = (action: Action): string =>
  `${action} is asked for, but no agent is known to be at fault: nobody was stopped`;
