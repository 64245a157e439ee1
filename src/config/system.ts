/** con.yaml, after its schema held: cross checks and defaults. Pure. */
import { archiveOf, brokenArchive, type RawArchive } from "./archive.ts";
import { budgetOf, type RawBudget } from "./authority.ts";
import type { Broken } from "./broken.ts";
import { brokenCascade, type RawCascade } from "./cascade.ts";
import { brokenForge, type RawForge, readForge } from "./forge.ts";
import { parseDuration } from "./grammar.ts";
import { type RawRetention, retentionOf } from "./retention.ts";

import type { Config, Health, ModelAlias, Provider, Review, Tier } from "./types.ts";
import { brokenWeb, type RawWeb, readWeb } from "./web.ts";

export type SystemPart = Omit<Config, "agents" | "excluded" | "roles"> & {
  /** The alias of agents of each tier that name none. */
  readonly defaultModels: Readonly<Record<Tier, string>>;
  /** Of agents whose manifest says nothing about a layer. */
  readonly defaultCascade: RawCascade | undefined;
};

/** con.yaml as its schema lets it through. */
export interface RawSystem {
  readonly system?: { readonly name?: string; readonly front_desk?: string };
  readonly providers?: Readonly<
    Record<string, { readonly base_url: string; readonly credential?: string }>
  >;
  readonly models: Readonly<Record<string, readonly string[] | RawAlias>>;
  readonly defaults?: Partial<Readonly<Record<Tier, { readonly model?: string }>>>;
  readonly gateway?: { readonly max_concurrent?: number };
  readonly health?: RawHealth;
  readonly retention?: RawRetention;
  readonly archive?: RawArchive;
  readonly web?: RawWeb;
  readonly forge?: RawForge;
  readonly review?: Review;
  readonly budget?: RawBudget;
  readonly cascade?: RawCascade;
}

interface RawHealth {
  readonly interval?: string;
  readonly disk_min_free_pct?: number;
  readonly mem_min_free_pct?: number;
  readonly max_load_factor?: number;
  readonly max_session_min?: number;
  readonly max_queue_age_min?: number;
  readonly max_journal_mb?: number;
  readonly max_clock_jump_s?: number;
  readonly min_upstream_success_pct?: number;
  readonly max_usd_per_day?: number;
}

interface RawAlias {
  readonly use: readonly string[];
  readonly context?: number;
  readonly usd_per_million?: { readonly input: number; readonly output: number };
}

const builtinModels = ["builtin/reflex"];
const tierDefaults: Readonly<Record<Tier, string>> = {
  officer: "smart",
  operator: "smart",
  worker: "fast",
};
export const healthDefaults: Health = {
  intervalSeconds: 60,
  diskMinFreePct: 15,
  memMinFreePct: 10,
  maxLoadFactor: 2,
  maxSessionMin: 30,
  maxQueueAgeMin: 60,
  maxJournalMb: 250,
  maxClockJumpSeconds: 60,
  minUpstreamSuccessPct: 50,
  maxUsdPerDay: null,
};

export function readSystemPart(raw: RawSystem): { part: SystemPart; broken: Broken[] } {
  const { system = {}, gateway = {}, health = {}, defaults = {} } = raw;
  const part: SystemPart = {
    system: { name: system.name ?? "conspiracy", frontDesk: system.front_desk ?? "concierge" },
    providers: mapValues(raw.providers ?? {}, providerOf),
    models: mapValues(raw.models, aliasOf),
    gateway: { maxConcurrent: gateway.max_concurrent ?? 4 },
    health: healthOf(health),
    retention: retentionOf(raw.retention),
    archive: archiveOf(raw.archive),
    web: readWeb(raw.web),
    forge: readForge(raw.forge),
    ...(raw.review === undefined ? {} : { review: raw.review }),
    budget: budgetOf(raw.budget),
    defaultModels: {
      officer: defaults.officer?.model ?? tierDefaults.officer,
      operator: defaults.operator?.model ?? tierDefaults.operator,
      worker: defaults.worker?.model ?? tierDefaults.worker,
    },
    defaultCascade: raw.cascade,
  };
  return {
    part,
    broken: [
      ...brokenModels(raw, part),
      ...brokenDefaults(raw, part),
      ...brokenInterval(health),
      ...brokenArchive(raw.archive),
      ...brokenWeb(raw.web),
      ...brokenForge(raw.forge),
      ...brokenCascade(raw.cascade, Object.keys(raw.models)),
    ],
  };
}

function healthOf(raw: RawHealth): Health {
  const { interval } = raw;
  const seconds = interval === undefined ? null : parseDuration(interval);
  return {
    intervalSeconds: seconds ?? healthDefaults.intervalSeconds,
    diskMinFreePct: raw.disk_min_free_pct ?? healthDefaults.diskMinFreePct,
    memMinFreePct: raw.mem_min_free_pct ?? healthDefaults.memMinFreePct,
    maxLoadFactor: raw.max_load_factor ?? healthDefaults.maxLoadFactor,
    maxSessionMin: raw.max_session_min ?? healthDefaults.maxSessionMin,
    maxQueueAgeMin: raw.max_queue_age_min ?? healthDefaults.maxQueueAgeMin,
    maxJournalMb: raw.max_journal_mb ?? healthDefaults.maxJournalMb,
    maxClockJumpSeconds: raw.max_clock_jump_s ?? healthDefaults.maxClockJumpSeconds,
    minUpstreamSuccessPct: raw.min_upstream_success_pct ?? healthDefaults.minUpstreamSuccessPct,
    maxUsdPerDay: raw.max_usd_per_day ?? healthDefaults.maxUsdPerDay,
  };
}

function mapValues<A, B>(
  from: Readonly<Record<string, A>>,
  convert: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, convert(value)]));
}

function providerOf(raw: { readonly base_url: string; readonly credential?: string }): Provider {
  return { baseUrl: raw.base_url.replace(/\/+$/, ""), credential: raw.credential ?? null };
}

function aliasOf(raw: readonly string[] | RawAlias): ModelAlias {
  if (isList(raw)) return { use: raw, context: null, usdPerMillion: null };
  return {
    use: raw.use,
    context: raw.context ?? null,
    usdPerMillion: raw.usd_per_million ?? null,
  };
}

const isList = (raw: readonly string[] | RawAlias): raw is readonly string[] => Array.isArray(raw);

function brokenModels(raw: RawSystem, part: SystemPart): Broken[] {
  const providers = Object.keys(part.providers);
  return Object.entries(part.models).flatMap(([alias, { use }]) =>
    use.flatMap((model, index) => {
      const provider = model.slice(0, model.indexOf("/"));
      if (provider === "builtin" ? builtinModels.includes(model) : providers.includes(provider))
        return [];
      const path = isList(raw.models[alias] ?? []) ? [index] : ["use", index];
      const known = [...providers.map((name) => `${name}/MODEL`), ...builtinModels];
      return [
        {
          path: ["models", alias, ...path],
          why: `${model} names no provider of this file and nothing built in`,
          remedy: `use one of ${known.join(", ")}, or add the provider under providers:`,
        },
      ];
    }),
  );
}

function brokenDefaults(raw: RawSystem, part: SystemPart): Broken[] {
  return Object.entries(raw.defaults ?? {}).flatMap(([tier, { model }]) =>
    model === undefined || Object.hasOwn(part.models, model)
      ? []
      : [
          {
            path: ["defaults", tier, "model"],
            why: `there is no model alias ${model}`,
            remedy: `the aliases are: ${Object.keys(part.models).join(", ")}`,
          },
        ],
  );
}

function brokenInterval({ interval }: RawHealth): Broken[] {
  if (interval === undefined || parseDuration(interval) !== null) return [];
  const why = `${interval} is no time of at most 24h`;
  return [{ path: ["health", "interval"], why, remedy: "write a number and s, min or h: 60s" }];
}
