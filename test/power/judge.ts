/** What must be true after a power cut, against what the machine found. Pure. */
import { interruptedText } from "../../src/agent/turn.ts";
import { program } from "./inside/machine.ts";
import type { Durable, FoundAgent, FoundTask, State } from "./lines.ts";

export interface Promised {
  /** Every drop that was begun, durable or not: what became of the others is chance, but at most once. */
  readonly drops: ReadonlyMap<string, string>;
  readonly durable: readonly Durable[];
}

export interface Verdict {
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  readonly damaged: readonly string[];
  readonly ended: number;
  /** Effects of tasks that were cut between the act and its note in the journal, or before the act. */
  readonly unsure: number;
  /** Runs of the program beyond the first, which its contract allows. */
  readonly again: number;
}

export function judge({ drops, durable }: Promised, state: State): Verdict {
  const byAgent = new Map(state.agents.map((one) => [one.agent, one]));
  const all = state.agents.flatMap(({ tasks }) => tasks);
  const found = (one: Durable) =>
    (byAgent.get(one.agent)?.tasks ?? []).filter(({ id }) => isOf(id, one.id));
  const answers = durable.map((one) => ({ one, tasks: found(one) }));
  const others = [...drops].filter(([drop]) => !durable.some((one) => one.drop === drop));
  const effects = state.agents.flatMap(effectsOf);
  return {
    lost: [
      ...answers.filter(({ tasks }) => tasks.length === 0).map(({ one }) => `${one.drop}: gone`),
      ...all.filter(isUnanswered).map(({ id, status }) => `${id}: ${status} without an answer`),
      ...all.filter(isUndone).map(({ id, said }) => `${id}: not done: ${said}`),
      ...effects.flatMap(({ unkept }) => unkept),
    ],
    twice: [
      ...answers
        .filter(({ tasks }) => tasks.length > 1)
        .map(({ one }) => `${one.drop}: answered twice`),
      ...others
        .filter(([drop]) => all.filter(({ id }) => isOf(id, drop)).length > 1)
        .map(([drop]) => `${drop}: answered twice`),
      ...effects.flatMap(({ twice }) => twice),
    ],
    damaged: damageIn(state),
    ended: all.length,
    unsure: all.filter((task) => task.written === "" && isCut(task)).length,
    again: effects.reduce((sum, { again }) => sum + again, 0),
  };
}

/** A file's name begins the id of its task, where it is not the id. */
const isOf = (id: string, begin: string): boolean => id === begin || id.startsWith(`${begin}-`);

const isUnanswered = ({ status, written }: FoundTask): boolean =>
  status !== "done" || written === null;

const isUndone = (task: FoundTask): boolean =>
  task.status === "done" && task.written === "" && !isCut(task);

const isCut = ({ said }: FoundTask): boolean => said.includes(interruptedText);

function effectsOf({ agent, tasks, effects }: FoundAgent) {
  const counts = new Map<string, number>();
  for (const effect of effects) counts.set(effect, (counts.get(effect) ?? 0) + 1);
  const many = [...counts].filter(([, count]) => count > 1);
  const isProgram = agent === program;
  const said = tasks.map(({ written }) => written ?? "").filter((written) => written !== "");
  return {
    twice: isProgram ? [] : many.map(([effect, count]) => `${effect}: done ${count} times`),
    again: isProgram ? many.reduce((sum, [, count]) => sum + count - 1, 0) : 0,
    unkept: said.filter((one) => !counts.has(one)).map((one) => `${one}: its effect is gone`),
  };
}

function damageIn(state: State): string[] {
  const { agents, databases, chains, drift, failed, left } = state;
  return [
    ...left.map((path) => `${path}: has not ended`),
    ...agents.flatMap(({ broken }) => broken.map((path) => `${path}: half a file`)),
    ...agents.flatMap(({ agent, refused }) => refused.map((name) => `${agent}: refused: ${name}`)),
    ...databases.filter(({ says }) => says !== "ok").map(({ path, says }) => `${path}: ${says}`),
    ...(chains.code === 0 ? [] : [`con logs --verify: ${chains.text.slice(0, 300)}`]),
    ...(drift.code === 0 ? [] : [`con verify: ${drift.text.slice(0, 300)}`]),
    ...(failed.trim() === "" ? [] : [`failed units: ${failed.trim()}`]),
  ];
}
