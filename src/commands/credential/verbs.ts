/**
 * `con credential set|list|remove`. Root only, because the keys are the gateway's and nobody else's.
 * Never: shows a key.
 */
import type { ReadStream } from "node:tty";
import { loadConfigFiles } from "../../config/load.ts";
import { mcpCredentials } from "../../config/mcp.ts";
import { parseConfig } from "../../config/parse.ts";
import { webOf } from "../../config/web.ts";
import { ConError, exit } from "../../system/errors.ts";
import { type ConfigPlaces, mustBeRoot, storedCredentials } from "../shared/credentials.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { type Execute, reapply } from "../shared/reapply.ts";
import { safeJson, table } from "../shared/text.ts";
import { askSecret, checkSecret, readPiped } from "./secret.ts";
import { checkName, removeSecret, storedAt, storeSecret } from "./store.ts";

export interface CredentialDeps {
  readonly places: ConfigPlaces;
  readonly execute: Execute;
  readonly self: readonly [string, string];
  /** Standard input when it is a terminal. */
  readonly terminal: ReadStream | null;
}

const setExample = `The key is asked for without echo, or read from standard input. It is encrypted with this machine's
host key (systemd-creds), stored in /etc/con/credentials and given to the gateway only.

Example:
  con credential set openrouter
  con credential set openrouter < key-file`;

export async function setCredential(
  argv: readonly string[],
  io: Io,
  deps: CredentialDeps,
): Promise<number> {
  const command = newCommand("credential set", "Store a provider's key.", setExample).argument(
    "<name>",
    "the name that con.yaml uses, e.g. openrouter",
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  const name = checkName(command.args[0] ?? "");
  prepare(io, deps, "credential set");
  const text =
    deps.terminal === null
      ? await readPiped(io)
      : await askSecret(deps.terminal, io, `Key for ${name} (not shown): `);
  await storeSecret(deps.execute, deps.places, name, checkSecret(text));
  io.out(`credential ${name} stored\n`);
  if (usersOf(deps.places, name).length === 0) {
    io.out(`no provider uses it yet: con model use ${name}/MODEL\n`);
  }
  return reapply(deps.execute, deps.self, io);
}

const removeExample = `Providers that use it fail until there is another one; con model list shows them.

Example:
  con credential remove openrouter`;

export async function removeCredential(
  argv: readonly string[],
  io: Io,
  deps: CredentialDeps,
): Promise<number> {
  const command = newCommand("credential remove", "Remove a provider's key.", removeExample);
  command.argument("<name>", "as con credential list shows it");
  if (parse(command, argv, io) === "help") return exit.ok;
  const name = checkName(command.args[0] ?? "");
  prepare(io, deps, "credential remove");
  if (!removeSecret(deps.places, name)) {
    const known = [...(storedCredentials(deps.places) ?? [])].sort().join(", ") || "none";
    throw new ConError(exit.badInput, name, "there is no such credential", `there are: ${known}`);
  }
  io.out(`credential ${name} removed\n`);
  return reapply(deps.execute, deps.self, io);
}

const listExample = `Keys of --json: credentials [{name, providers, stored_at}], missing [{name, providers}].

Example:
  con credential list`;

export function listCredentials(argv: readonly string[], io: Io, deps: CredentialDeps): number {
  const command = newCommand("credential list", "List stored keys by name.", listExample).option(
    "--json",
    "print JSON",
  );
  if (parse(command, argv, io) === "help") return exit.ok;
  prepare(io, deps, "credential list");
  const stored = [...(storedCredentials(deps.places) ?? [])].sort();
  const credentials = stored.map((name) => ({
    name,
    providers: usersOf(deps.places, name),
    stored_at: dateOf(storedAt(deps.places, name)),
  }));
  const missing = wantedOf(deps.places)
    .filter((name) => !stored.includes(name))
    .map((name) => ({ name, providers: usersOf(deps.places, name) }));
  if (command.opts<{ json?: boolean }>().json === true) {
    io.out(safeJson({ credentials, missing }));
    return exit.ok;
  }
  const rows = [
    ...credentials.map((one) => [one.name, one.stored_at ?? "", one.providers.join(", ")]),
    ...missing.map((one) => [one.name, "missing", one.providers.join(", ")]),
  ];
  io.out(
    rows.length === 0
      ? "no keys are stored; to store one: con credential set NAME\n"
      : table(["NAME", "STORED", "PROVIDERS"], rows),
  );
  return exit.ok;
}

const dateOf = (epochMs: number | null): string | null =>
  epochMs === null ? null : new Date(epochMs).toISOString();

function prepare(io: Io, { places }: CredentialDeps, what: string): void {
  if (places.dev) {
    const remedy = "set OPENAI_BASE_URL and OPENAI_API_KEY when you start con dev";
    throw new ConError(exit.usage, `con ${what}`, "con dev keeps no credentials", remedy);
  }
  mustBeRoot(io, what, "credentials");
}

/** Credentials that providers, search engines (`search:NAME`) and MCP servers (`mcp:AGENT`) name; none where con.yaml cannot be used, which bootstrap tells. */
function providersOf({ etc }: ConfigPlaces): [string, string | null][] {
  const { config } = parseConfig(loadConfigFiles(etc));
  const providers = Object.entries(config?.providers ?? {});
  const engines = config === null ? [] : webOf(config).search;
  return [
    ...providers.map(([name, one]): [string, string | null] => [name, one.credential]),
    ...engines.map((one): [string, string | null] => [`search:${one.name}`, one.credential]),
    ...(config?.agents ?? []).flatMap((agent) =>
      mcpCredentials(agent).map((name): [string, string] => [`mcp:${agent.name}`, name]),
    ),
  ];
}

const usersOf = (places: ConfigPlaces, credential: string): string[] =>
  providersOf(places).flatMap(([provider, one]) => (one === credential ? provider : []));

const wantedOf = (places: ConfigPlaces): string[] =>
  [...new Set(providersOf(places).flatMap(([, one]) => one ?? []))].sort();
