/**
 * The daily work for one agent, as its own user: its memory first, so that what was said is kept before the answers
 * that it is made of go, then what is old. Each part is tried whatever became of the other.
 */
import { randomBytes } from "node:crypto";
import { defaultArchive } from "../../config/archive.ts";
import { defaultRetention } from "../../config/retention.ts";
import type { AgentRuntime, SystemRuntime } from "../../config/runtime.ts";
import type { UpkeepReport } from "../../memory/upkeep.ts";
import { createModelClient } from "../../model/client.ts";
import { markedIds } from "../../runner/memory/marks.ts";
import { memoryPath } from "../../runner/memory/world.ts";
import { sweepArchive } from "../../runner/retention/archive.ts";
import {
  type RetentionReport,
  type RetentionWorld,
  removeOld,
} from "../../runner/retention/retention.ts";
import { type AgentPaths, agentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import type { Fields, Log } from "../../system/log.ts";

export interface KeepUpWorld {
  readonly disk: Disk;
  readonly now: () => number;
  readonly log: Log;
  readonly system: Pick<SystemRuntime, "root" | "gateway">;
  readonly agent: AgentRuntime;
}

export interface KeptUp {
  /** Null in a dry run, and where there is no memory. */
  readonly memory: UpkeepReport | null;
  readonly retention: RetentionReport | null;
  /** What could not be done. */
  readonly troubles: readonly string[];
}

/** Together less than the unit has. */
const memoryMs = 60_000;
const sweepMs = 40_000;
const archiveMs = 5_000;

export async function keepUp(
  world: KeepUpWorld,
  { dryRun }: { readonly dryRun: boolean },
): Promise<KeptUp> {
  const { log, agent } = world;
  const troubles: string[] = [];
  const tried = async <T>(what: string, act: () => Promise<T>): Promise<T | null> => {
    try {
      return await act();
    } catch (error) {
      const why = reasonOf(error);
      log.error(`upkeep: ${what}`, { agent: agent.name, why });
      troubles.push(`${what}: ${why}`);
      return null;
    }
  };
  const opened = await tried("its memory cannot be opened", () => open(world, dryRun));
  try {
    const tidy = opened?.tidy ?? null;
    const memory = tidy === null ? null : await tried("its memory was not tidied", tidy);
    const threadsSince = opened?.threadsSince ?? (() => null);
    const retention = await tried("what is old was not removed", () =>
      sweep(world, threadsSince, dryRun),
    );
    troubles.push(...refusals(retention));
    return { memory, retention, troubles };
  } finally {
    opened?.close();
  }
}

const retentionOf = ({ agent }: KeepUpWorld) => agent.retention ?? defaultRetention;

type ThreadsSince = RetentionWorld["threadsSince"];

interface Opened {
  /** Null where there is nothing to tidy. */
  readonly tidy: (() => Promise<UpkeepReport>) | null;
  readonly threadsSince: ThreadsSince;
  readonly close: () => void;
}

/** Of an agent that never remembered anything none is begun, and a dry run changes nothing. */
async function open(world: KeepUpWorld, dryRun: boolean): Promise<Opened> {
  const { disk, now, system, agent } = world;
  const paths = agentPaths(system.root, agent.name);
  const path = memoryPath(paths);
  if (disk.find(path) === null && markedIds(disk, paths).length === 0)
    return { tidy: null, threadsSince: () => [], close: () => undefined };
  if (!dryRun) return openToTidy(world, paths);
  if (disk.find(path) === null)
    return { tidy: null, threadsSince: () => null, close: () => undefined };
  const { openMemory } = await import("../../memory/memory.ts");
  const store = await openMemory({ disk, path, now, readonly: true });
  const { threads } = store;
  return {
    tidy: null,
    threadsSince: (moment) => threads.since(moment),
    close: () => store.close(),
  };
}

async function openToTidy(world: KeepUpWorld, paths: AgentPaths): Promise<Opened> {
  const { disk, now, log, system, agent } = world;
  const { openWork } = await import("../../runner/memory/work.ts");
  const { gateway } = system;
  const model = createModelClient(gateway);
  const nonce = (): string => randomBytes(16).toString("hex");
  const work = await openWork({ disk, now, log, agent, paths, gateway, model, nonce });
  const tidy = async (): Promise<UpkeepReport> => {
    work.keepTurns();
    const report = await work.upkeep({ ms: memoryMs, keepTurnDays: retentionOf(world).turnDays });
    log.info("upkeep of the memory", { agent: agent.name, ...report });
    return report;
  };
  return { tidy, threadsSince: work.threadsSince, close: work.close };
}

async function sweep(
  world: KeepUpWorld,
  threadsSince: ThreadsSince,
  dryRun: boolean,
): Promise<RetentionReport> {
  const { disk, now, log, system, agent } = world;
  const paths = agentPaths(system.root, agent.name);
  const loadYaml = async () => (await import("../../task/yaml.ts")).loadYaml();
  const report = await removeOld(
    { disk, now, paths, retention: retentionOf(world), loadYaml, threadsSince },
    { ms: sweepMs, dryRun },
  );
  const archive = sweepArchive(
    { directory: paths.archive, ...defaultArchive, ...agent.archive },
    { days: retentionOf(world).archiveDays, now, ms: archiveMs },
    { looksOnly: dryRun || report.notedOnly },
  );
  const complete = report.complete && archive.complete;
  const all = { ...report, complete, swept: [...report.swept, archive.swept] };
  if (!dryRun) log.info("upkeep of old things", { agent: agent.name, ...counts(all) });
  return all;
}

/** How much of each kind went. */
function counts({ swept, complete, notedOnly }: RetentionReport): Fields {
  const sums = new Map<string, number>();
  for (const { what, entries } of swept)
    if (entries > 0) sums.set(what, (sums.get(what) ?? 0) + entries);
  return { ...(notedOnly ? {} : Object.fromEntries(sums)), complete, noted_only: notedOnly };
}

const refusals = (report: RetentionReport | null): string[] =>
  (report?.swept ?? []).flatMap(({ folder, refused, why }) =>
    refused === 0 ? [] : [`${refused} names in ${folder} cannot be removed: ${why}`],
  );
