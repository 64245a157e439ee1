/** What is stopped on purpose, by whom and why, with the command that lets it run again. */
import { type Hold, type Holds, readHolds } from "../../config/holds.ts";
import { bad, type Finding, fine } from "./check.ts";

export function checkHolds(holds: Holds = readHolds()): Finding[] {
  const all = [
    ...(holds.allAgents === null ? [] : [held("all agents", holds.allAgents, "con resume")]),
    ...(holds.allWorkers === null ? [] : [held("all workers", holds.allWorkers, "con resume")]),
    ...[...holds.agents]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, hold]) => held(`agent ${name}`, hold, `con agent resume ${name}`)),
  ];
  return all.length === 0 ? [fine("holds", "nothing is stopped on purpose")] : all;
}

function held(who: string, { kind, by, at, why, incident }: Hold, remedy: string): Finding {
  const cause = incident === null ? why : `${why} (${incident})`;
  const found = `${kind} by ${by.name} since ${at}: ${cause}`;
  return bad(`hold on ${who}`, found, remedy, kind === "quarantined" ? "high" : "medium");
}
