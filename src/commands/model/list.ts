/** `con model list`: aliases, their ladders, and which rungs can be used. Reads only. */
import { loadConfigFiles } from "../../config/load.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Config } from "../../config/types.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type ConfigPlaces, storedCredentials } from "../shared/credentials.ts";
import { type Io, paint } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { problemLine } from "../shared/report.ts";
import { safeJson, table } from "../shared/text.ts";

const example = `An alias uses the first of its models that works. "usable" means that its key is there, not that the
provider answers; con model test tries it. Only root can see which keys there are.

Keys of --json: models [{alias, context, usd_per_million {input, output}, ladder [{model, usable, why}]}];
usable is null where the caller may not know.

Example:
  con model list`;

interface Rung {
  readonly model: string;
  readonly usable: boolean | null;
  readonly why: string;
}

export function listModels(argv: readonly string[], io: Io, places: ConfigPlaces): number {
  const command = newCommand("model list", "List model aliases.", example).option(
    "--json",
    "print JSON",
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const config = configuration(places);
  const stored = storedCredentials(places);
  const models = Object.entries(config.models).map(([alias, { use, context, usdPerMillion }]) => ({
    alias,
    context,
    usd_per_million: usdPerMillion,
    ladder: use.map((model) => rungOf(model, config, stored)),
  }));
  if (command.opts<{ json?: boolean }>().json === true) {
    io.out(safeJson({ models }));
    return exit.ok;
  }
  const rows = models.flatMap(({ alias, ladder }) =>
    ladder.map(({ model, usable, why }, index) => [
      index === 0 ? alias : "",
      model,
      paint(io, usable === true ? "green" : usable === null ? "dim" : "yellow", why),
    ]),
  );
  io.out(table(["ALIAS", "MODEL", "STATE"], rows));
  return exit.ok;
}

function rungOf(
  model: string,
  { providers }: Pick<Config, "providers">,
  stored: ReadonlySet<string> | null,
): Rung {
  if (model === "builtin/reflex") {
    return { model, usable: true, why: "usable (rule engine, no language model)" };
  }
  const credential = providers[model.slice(0, model.indexOf("/"))]?.credential ?? null;
  if (credential === null) return { model, usable: true, why: "usable (no key needed)" };
  if (stored === null) return { model, usable: null, why: `needs credential ${credential}` };
  return stored.has(credential)
    ? { model, usable: true, why: "usable" }
    : {
        model,
        usable: false,
        why: `no credential ${credential}: con credential set ${credential}`,
      };
}

function configuration({ etc }: ConfigPlaces): Config {
  const { config, problems } = parseConfig(loadConfigFiles(etc));
  if (config !== null) return config;
  const [first] = problems;
  const why = first === undefined ? "it is not valid" : problemLine(first);
  throw new ConError(exit.configuration, etc, why, "correct it, then run con bootstrap");
}
