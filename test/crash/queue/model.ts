/** The queue as its senders may think of it: what was taken ends once, in one of a few ways. Nothing else counts. */

export type Plan = "done" | "fails" | "defers";
export type Status = "done" | "failed" | "cancelled";

interface Known {
  readonly plan: Plan;
  /** Somebody was told that it was taken. Else it may be there or not. */
  acknowledged: boolean;
  readonly may: Set<Status>;
}

export interface Model {
  /** A task, and whether its sender was told that it was taken. */
  readonly sent: (id: string, plan: Plan, acknowledged: boolean) => void;
  /** A word about it, perhaps not taken. */
  readonly cancelled: (id: string) => void;
  /** Runs of attempts that came too often are given up. */
  readonly crashed: (ids: readonly string[]) => void;
  /** What is wrong with the end, if anything. */
  readonly troubleWith: (ends: ReadonlyMap<string, readonly Status[]>) => string | null;
  readonly ids: () => readonly string[];
}

export function createModel(): Model {
  const tasks = new Map<string, Known>();
  return {
    sent(id, plan, acknowledged) {
      const known = tasks.get(id);
      if (known !== undefined) known.acknowledged ||= acknowledged;
      else
        tasks.set(id, { plan, acknowledged, may: new Set([plan === "fails" ? "failed" : "done"]) });
    },
    cancelled: (id) => void tasks.get(id)?.may.add("cancelled"),
    crashed: (ids) => {
      for (const id of ids) tasks.get(id)?.may.add("failed");
    },
    troubleWith(ends) {
      for (const id of ends.keys()) if (!tasks.has(id)) return `${id} ended and nobody sent it`;
      for (const [id, { acknowledged, may }] of tasks) {
        const [status, ...more] = ends.get(id) ?? [];
        if (more.length > 0) return `${id} ended ${more.length + 1} times`;
        if (status === undefined && acknowledged) return `${id} was taken and is lost`;
        if (status !== undefined && !may.has(status))
          return `${id} is ${status}, and may be ${[...may].join(" or ")}`;
      }
      return null;
    },
    ids: () => [...tasks.keys()],
  };
}
