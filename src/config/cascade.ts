/**
 * `cascade:` of con.yaml and of a manifest: which layers answer before a model is asked. Pure.
 *
 * A layer is off until it is named. A manifest's word about a layer takes the place of con.yaml's, and `false` switches
 * it off. Never: lets a layer read or ask what the manifest does not grant. What con.yaml names for everybody and one
 * agent has no grant for is left out for that agent; a manifest that names it is refused.
 */
import type { Broken } from "./broken.ts";
import { grantRoots, parseDuration, parseGrant } from "./grammar.ts";
import type { Agent, Cascade, ChildLayer } from "./types.ts";

interface RawCache {
  readonly exact?: boolean;
  readonly semantic?: number | false;
  readonly ttl?: string;
  readonly max?: number;
}

interface RawDocuments {
  readonly paths: readonly string[];
  readonly answer?: number;
  readonly augment?: number;
}

interface RawRoute {
  readonly fast: string;
  readonly balanced: string;
  readonly strong: string;
}

export interface RawCascade {
  readonly reflex?: boolean;
  readonly cache?: false | RawCache;
  readonly documents?: false | RawDocuments;
  readonly route?: false | RawRoute;
  readonly escalate?: boolean;
  readonly learn?: boolean;
}

const defaults = { ttl: "1h", max: 200, answer: 0.85, augment: 0.6 } as const;

export interface CascadeAround {
  /** Of con.yaml. */
  readonly common: RawCascade | undefined;
  readonly agent: Pick<Agent, "model" | "can">;
  /** Aliases of con.yaml. */
  readonly models: readonly string[];
}

/** What was written of a layer; null where it is not named, or switched off. */
const said = <T extends object>(raw: T | false | undefined): T | null => raw || null;

/** Null where nothing is switched on. */
export function cascadeOf(
  raw: RawCascade | undefined,
  { common, agent, models }: CascadeAround,
): { readonly cascade: Cascade | null; readonly broken: readonly Broken[] } {
  const all = { ...common, ...raw };
  const route = routeOf(said(all.route), agent);
  const cascade: Cascade = {
    reflex: all.reflex ?? false,
    cache: cacheOf(said(all.cache)),
    documents: documentsOf(said(all.documents), agent),
    route,
    escalate: (all.escalate ?? false) && route !== null && route.fast !== route.balanced,
    learn: all.learn ?? false,
  };
  const broken = [
    ...brokenCascade(raw, models),
    ...brokenGrants(raw, agent, models),
    ...alone(raw, all),
  ];
  return { cascade: isOn(cascade) ? cascade : null, broken };
}

const isOn = (cascade: Cascade): boolean =>
  Object.values(cascade).some((layer) => layer !== null && layer !== false);

/** Of a temporary agent: layers that its parent has and its role names, with what it may read and ask itself. */
export function childCascade(
  parent: Cascade | undefined,
  layers: readonly ChildLayer[] | undefined,
  agent: Pick<Agent, "model" | "can">,
): Pick<Agent, "cascade"> {
  if (parent === undefined) return {};
  const has = (layer: ChildLayer): boolean => layers?.includes(layer) ?? true;
  const { documents } = parent;
  const paths = (documents?.paths ?? []).filter((path) => mayRead(agent, path));
  const route = has("route") ? routeOf(parent.route, agent) : null;
  const cascade: Cascade = {
    reflex: parent.reflex && has("reflex"),
    cache: null,
    documents:
      documents === null || paths.length === 0 || !has("documents")
        ? null
        : { ...documents, paths },
    route,
    escalate: parent.escalate && has("escalate") && route !== null && route.fast !== route.balanced,
    learn: false,
  };
  return isOn(cascade) ? { cascade } : {};
}

function cacheOf(raw: RawCache | null): Cascade["cache"] {
  if (raw === null) return null;
  const exact = raw.exact ?? false;
  const semantic = raw.semantic === undefined || raw.semantic === false ? null : raw.semantic;
  if (!exact && semantic === null) return null;
  const ttlSeconds = parseDuration(raw.ttl ?? defaults.ttl) ?? 0;
  return { exact, semantic, ttlSeconds, max: raw.max ?? defaults.max };
}

const isWithin = (directory: string, path: string): boolean =>
  path === directory || path.startsWith(`${directory}/`);

const mayRead = ({ can }: Pick<Agent, "can">, path: string): boolean =>
  [...can.read, ...can.write].some((directory) => isWithin(directory, path));

const directoryOf = (text: string): string | null => {
  const grant = parseGrant(text, grantRoots.read);
  return "directory" in grant ? grant.directory : null;
};

function documentsOf(raw: RawDocuments | null, agent: Pick<Agent, "can">): Cascade["documents"] {
  if (raw === null) return null;
  const directories = raw.paths.flatMap((text) => directoryOf(text) ?? []);
  const paths = [...new Set(directories.filter((path) => mayRead(agent, path)))].sort();
  const { answer = defaults.answer, augment = defaults.augment } = raw;
  return paths.length === 0 ? null : { paths, answer, augment };
}

const mayAsk = ({ model, can }: Pick<Agent, "model" | "can">, alias: string): boolean =>
  alias === model || can.models.includes(alias);

/** What it may not ask becomes its own model. */
function routeOf(raw: RawRoute | null, agent: Pick<Agent, "model" | "can">): Cascade["route"] {
  if (raw === null) return null;
  const one = (alias: string): string => (mayAsk(agent, alias) ? alias : agent.model);
  const route = { fast: one(raw.fast), balanced: one(raw.balanced), strong: one(raw.strong) };
  return Object.values(route).every((alias) => alias === agent.model) ? null : route;
}

/** What is wrong whoever it is for. */
export function brokenCascade(raw: RawCascade | undefined, models: readonly string[]): Broken[] {
  const ttl = said(raw?.cache)?.ttl;
  const documents = said(raw?.documents);
  const route = said(raw?.route);
  const broken: Broken[] = [];
  if (ttl !== undefined && parseDuration(ttl) === null)
    broken.push({
      path: ["cascade", "cache", "ttl"],
      why: `${ttl} is more than a day`,
      remedy: "expected a time like 10min or 1h, at most 24h",
    });
  if (documents !== null) {
    const { answer = defaults.answer, augment = defaults.augment } = documents;
    if (augment > answer)
      broken.push({
        path: ["cascade", "documents"],
        why: `augment ${augment} is above answer ${answer}`,
        remedy: "the score for an answer must be the higher one",
      });
    broken.push(...documents.paths.flatMap(brokenPath));
  }
  if (route !== null) broken.push(...brokenAliases(route, models));
  return broken;
}

function brokenPath(text: string, index: number): Broken[] {
  const grant = parseGrant(text, grantRoots.read);
  if ("directory" in grant) return [];
  const remedy = `expected a directory like ${grantRoots.read[0]}/handbook/**`;
  return [{ path: ["cascade", "documents", "paths", index], why: grant.why, remedy }];
}

const brokenAliases = (route: RawRoute, models: readonly string[]): Broken[] =>
  Object.entries(route).flatMap(([grade, alias]: [string, string]) =>
    models.includes(alias)
      ? []
      : [
          {
            path: ["cascade", "route", grade],
            why: `there is no model alias ${alias}`,
            remedy: `the aliases of con.yaml are: ${models.join(", ")}`,
          },
        ],
  );

/** Of a manifest: it names what it does not grant. */
function brokenGrants(
  raw: RawCascade | undefined,
  agent: Pick<Agent, "model" | "can">,
  models: readonly string[],
): Broken[] {
  const paths = said(raw?.documents)?.paths ?? [];
  const aliases: [string, string][] = Object.entries(said(raw?.route) ?? {});
  return [
    ...paths.flatMap((text, index) => {
      const directory = directoryOf(text);
      if (directory === null || mayRead(agent, directory)) return [];
      const path = ["cascade", "documents", "paths", index];
      return [{ path, why: `${text} is not in can.read`, remedy: "add it to can.read" }];
    }),
    ...aliases.flatMap(([grade, alias]) => {
      if (!models.includes(alias) || mayAsk(agent, alias)) return [];
      const path = ["cascade", "route", grade];
      const why = `${alias} is neither its own model nor in can.models`;
      return [{ path, why, remedy: "add it to can.models" }];
    }),
  ];
}

function alone(raw: RawCascade | undefined, all: RawCascade): Broken[] {
  if (raw?.escalate !== true || said(all.route) !== null) return [];
  const why = "there is no route, so there is no better model";
  return [{ path: ["cascade", "escalate"], why, remedy: "add route: {fast, balanced, strong}" }];
}

/** Directories in another place: for `con dev`. */
export const cascadeWithPlaces = (
  { cascade }: Pick<Agent, "cascade">,
  move: (path: string) => string,
): Pick<Agent, "cascade"> => {
  if (cascade === undefined) return {};
  const { documents } = cascade;
  if (documents === null) return { cascade };
  return { cascade: { ...cascade, documents: { ...documents, paths: documents.paths.map(move) } } };
};
