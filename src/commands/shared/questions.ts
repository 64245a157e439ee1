/**
 * What held tasks ask people, from the outboxes of agents (spool/question.ts). Reads only; an agent may have written
 * anything there, so an id may stand at several agents, and only the agent that has the task takes the answer.
 */
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import {
  decodeQuestion,
  maxQuestionBytes,
  type PublicQuestion,
  questionPath,
  questionSuffix,
} from "../../spool/question.ts";
import type { Disk } from "../../system/disk.ts";
import { listVisible, readOwned } from "./read.ts";

/** In JSON of commands: public interface, change only by adding. */
export interface HeldQuestion extends PublicQuestion {
  readonly agent: string;
}

/** Read of one agent; more is a fault or an attack. */
const maxRead = 50;

/** Of `agents`, as far as the caller may look. */
export const questionsOf = (
  disk: Disk,
  system: SystemRuntime,
  agents: readonly AgentEntry[] = system.agents,
): HeldQuestion[] =>
  agents.flatMap((agent) => {
    const { outbox } = agentPaths(system.root, agent.name);
    return (listVisible(disk, outbox) ?? [])
      .filter((name) => name.endsWith(questionSuffix))
      .slice(0, maxRead)
      .flatMap((name) => {
        const found = questionOf(disk, system, agent, name.slice(0, -questionSuffix.length));
        return found === null ? [] : [found];
      });
  });

/** Null where the task asks nothing, or the caller may not look. */
export function questionOf(
  disk: Disk,
  system: SystemRuntime,
  agent: AgentEntry,
  task: string,
): HeldQuestion | null {
  const path = questionPath(agentPaths(system.root, agent.name), task);
  const reading = readOwned(disk, path, agent.uid, maxQuestionBytes);
  const found = reading.kind === "text" ? decodeQuestion(reading.text) : null;
  return found === null || found.task !== task ? null : { agent: agent.name, ...found };
}
