/**
 * The cascade of one agent: which layers look at a task before its model does, and what is learned after it.
 *
 * Nothing of it is loaded, and no file made, where every layer is off. Never: fails a task, gives one principal what
 * another was told, or answers a stranger from documents without a model that looks at who asks. After a crash: an
 * answer that was not kept is asked for again, and a task that was learned from is learned from once.
 */
import { join } from "node:path";
import type { Section } from "../agent/background.ts";
import type { Cascade } from "../agent/cascade/look.ts";
import { lookThrough } from "../agent/cascade/look.ts";
import { asksForSelf } from "../agent/cascade/words.ts";
import type { JournalLine } from "../agent/journal.ts";
import type { AgentPaths } from "../spool/layout.ts";
import { reasonOf } from "../system/errors.ts";
import { sha256 } from "../system/sha256.ts";
import { principalOf } from "../task/principal.ts";
import type { Outcome, Task } from "../task/task.ts";
import type { CascadeWorld, Setting } from "./cascade/setting.ts";
import type { CascadeStore } from "./cascade/store.ts";
import { agentAt } from "./policy.ts";

/** Of one attempt at one task. */
export interface CascadeDesk {
  readonly cascade: Cascade;
  /** After the end of the attempt: keeps the answer and learns. `append` writes to the task's journal. */
  readonly settle: (
    outcome: Outcome,
    lines: readonly JournalLine[],
    append: (lines: readonly JournalLine[]) => void,
  ) => Promise<void>;
}

export const cascadePath = ({ state }: Pick<AgentPaths, "state">): string =>
  join(state, "cascade.db");

/** Null where every layer is off. */
export function createCascade(world: CascadeWorld, task: Task): CascadeDesk | null {
  const settings = world.agent.cascade ?? null;
  if (settings === null) return null;
  const { store, close } = lazily(world);
  const setting: Setting = {
    ...world,
    task,
    settings,
    principal: principalOf(task),
    contextOf: (background) => contextOf(world, task, background),
    store,
  };
  let context: string | null = null;
  let trouble: unknown = null;
  const noted = (error: unknown): void => {
    trouble = error;
  };
  /** Damage that shows only when the file is read: without this it would be there for ever. */
  const renew = async (): Promise<void> => {
    if (trouble === null) return;
    const { isDamage, setAside } = await import("./cascade/open.ts");
    world.log.warn("cascade: a layer could not look", { task: task.id, why: reasonOf(trouble) });
    if (!isDamage(trouble)) return;
    await close();
    try {
      setAside(world.disk, cascadePath(world.paths));
    } catch (error) {
      // The task goes on without it, as with a file that cannot be opened.
      const why = reasonOf(error);
      world.log.warn("cascade: its damaged file cannot be set aside", { why });
    }
  };
  const usable = (alias: string): boolean => {
    const { model, can } = agentAt(world.agent, world.now());
    return alias === model || can.models.includes(alias);
  };
  return {
    cascade: {
      usable,
      better: (model) => {
        const { route } = settings;
        if (!settings.escalate || route === null || route.balanced === model) return null;
        return model === route.fast && usable(route.balanced) ? route.balanced : null;
      },
      before: async (background) => {
        context = setting.contextOf(background);
        const { stepsOf } = await import("./cascade/layers.ts");
        const found = await lookThrough(stepsOf(setting, { context, usable }), noted);
        await renew();
        return found;
      },
      finish: async (messages) => {
        const { wordsOfRules } = await import("./cascade/rules.ts");
        return wordsOfRules(messages, world.tools);
      },
    },
    settle: async (outcome, lines, append) => {
      try {
        const { keepAnswer, learnFrom } = await import("./cascade/after.ts");
        if (context !== null) await keepAnswer(setting, { outcome, lines, context });
        await learnFrom(setting, { outcome, lines, append });
      } catch (error) {
        world.log.warn("cascade: nothing was kept of a task", {
          task: task.id,
          why: reasonOf(error),
        });
      } finally {
        await close();
      }
    },
  };
}

/** An answer may come from any of it; when one changes, older answers are nobody's. */
function contextOf(
  { agent, instructions, tools }: CascadeWorld,
  { from, request }: Task,
  background: readonly Section[],
): string {
  const { name, model, can, cascade, skills } = agent;
  // Trusted people are one principal, and still not one person.
  const sender = asksForSelf(request.text) ? from : null;
  const parts = [1, name, model, can, cascade, skills, instructions, tools, background, sender];
  return sha256(JSON.stringify(parts));
}

/** Opened when first needed; one that failed is tried again. */
function lazily({ disk, paths, log }: CascadeWorld) {
  let opened: Promise<CascadeStore> | null = null;
  return {
    store: (): Promise<CascadeStore> => {
      opened ??= import("./cascade/store.ts").then(({ openStore }) =>
        openStore(disk, cascadePath(paths), (why) =>
          log.warn("cascade: its file was damaged and is set aside", { why }),
        ),
      );
      const asked = opened;
      asked.catch(() => {
        if (opened === asked) opened = null;
      });
      return asked;
    },
    close: async (): Promise<void> => {
      const open = opened;
      opened = null;
      // One that never opened was reported by whoever needed it.
      await open?.then(
        (store) => store.close(),
        () => undefined,
      );
    },
  };
}
