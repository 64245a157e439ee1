/** From what a person typed to a provider and a model, and to what is known of the provider. Pure. */
import type { Config } from "../../config/types.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { ProviderChoice } from "./edit.ts";

/** OpenAI-compatible endpoints that need no --base-url, from each provider's own reference. */
const wellKnown: Readonly<Record<string, string>> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta/openai",
  openrouter: "https://openrouter.ai/api/v1",
};

export interface Wanted {
  readonly typed: string;
  readonly baseUrl: string | null;
  readonly credential: string | null;
}

export interface Named {
  readonly model: string;
  readonly provider: ProviderChoice | null;
}

/** `stored` are the credentials that exist; a new provider takes the one of its own name. */
export function nameModel(wanted: Wanted, config: Config, stored: ReadonlySet<string>): Named {
  const { typed, baseUrl } = wanted;
  const slash = typed.indexOf("/");
  const first = slash < 1 ? "" : typed.slice(0, slash);
  if (first === "builtin") return builtin(wanted);
  const known = Object.keys(config.providers);
  if (baseUrl !== null && first === "") throw unclear(typed, "it names no provider for the URL");
  if (baseUrl !== null || known.includes(first)) {
    return { model: typed, provider: choiceOf(first, wanted, config, stored) };
  }
  // With a provider like openrouter, whose own models are called google/…, that one is meant.
  const meant = stored.has(first) || wanted.credential !== null || known.length === 0;
  if (meant && Object.hasOwn(wellKnown, first)) {
    const url = wellKnown[first] ?? null;
    const provider = choiceOf(first, { ...wanted, baseUrl: url }, config, stored);
    return { model: typed, provider };
  }
  const [only] = known;
  if (only === undefined || known.length > 1) {
    const which = only === undefined ? "no provider is configured" : "several are configured";
    throw unclear(typed, `it names no provider of ${known.join(", ") || "con.yaml"}, and ${which}`);
  }
  return { model: `${only}/${typed}`, provider: choiceOf(only, wanted, config, stored) };
}

function builtin({ typed, baseUrl, credential }: Wanted): Named {
  if (baseUrl === null && credential === null) return { model: typed, provider: null };
  throw unclear(typed, "what is built in has no URL and no credential");
}

function choiceOf(
  name: string,
  wanted: Wanted,
  { providers }: Config,
  stored: ReadonlySet<string>,
): ProviderChoice | null {
  const { baseUrl } = wanted;
  const isNew = !Object.hasOwn(providers, name);
  const credential = wanted.credential ?? (isNew && stored.has(name) ? name : null);
  return baseUrl === null && credential === null ? null : { name, baseUrl, credential };
}

const unclear = (typed: string, why: string): ConError =>
  new ConError(
    exit.usage,
    typed,
    why,
    "write PROVIDER/MODEL, and --base-url for a provider that con.yaml does not have",
  );
