/** One check of a contract, after its schema held. Pure. */
import { dirname, isAbsolute, join } from "node:path";
import type { KeyPath } from "../../config/source.ts";
import type { Check, CheckUser, Probe } from "../types.ts";
import { readOnFail } from "./actions.ts";
import type { Broken, Read } from "./broken.ts";
import { builtinNames, readBuiltin, readPattern } from "./builtins.ts";
import { durationSeconds } from "./duration.ts";
import type { RawCheck, RawCommand, RawDuration, RawScript } from "./raw.ts";
import { readSkipIf, tooLong } from "./when.ts";

const defaultTimeoutSeconds = 30;
const maxTimeoutSeconds = 600;

const probeNames = ["command", "script", ...builtinNames] as const;
type ProbeName = (typeof probeNames)[number];
const isProbe = (key: string): key is ProbeName => probeNames.some((name) => name === key);

/** `file` is the contract's own, absolute: scripts are found beside it. */
export function readCheck(raw: RawCheck, path: KeyPath, file: string): Read<Check | null> {
  const given = Object.keys(raw).filter(isProbe);
  const [kind] = given;
  if (kind === undefined || given.length > 1) return { value: null, broken: [notOne(given, path)] };
  const probe = readProbe(raw, kind, [...path, kind], file);
  const timeout = readTimeout(raw, kind, path);
  const onFail = readOnFail(raw.on_fail, [...path, "on_fail"], hintOf(raw));
  const skipIf = readSkipIf(raw.skip_if);
  const value: Check = {
    name: raw.name ?? kind,
    probe: probe.value,
    timeoutSeconds: timeout.value,
    onFail: onFail.value,
    ...(raw.severity === undefined ? {} : { severity: raw.severity }),
    ...(skipIf.length === 0 ? {} : { skipIf }),
  };
  return { value, broken: [...probe.broken, ...timeout.broken, ...onFail.broken] };
}

/** `what` and `verify` of the older formats say what `message` says in ours. */
function hintOf({ what, verify }: RawCheck): string {
  const parts = [what, verify === undefined ? undefined : `to see it: ${verify}`];
  return parts.filter((part) => part !== undefined).join("; ");
}

function notOne(given: readonly ProbeName[], path: KeyPath): Broken {
  if (given.length > 1)
    return {
      path: [...path, given[1] ?? ""],
      of: "key",
      why: `one check holds ${given.join(" and ")}`,
      remedy: "write one check for each",
    };
  const remedy =
    "add command, script or a built-in check, as in disk_free: {path: /srv/con, min_pct: 15}";
  return { path, why: "it says nothing to check", remedy };
}

function readProbe(raw: RawCheck, kind: ProbeName, path: KeyPath, file: string): Read<Probe> {
  const user = raw.user ?? "con-check";
  if (kind === "command") return readCommand(raw.command ?? "", user, path);
  if (kind === "script") return readScript(raw.script ?? {}, user, path, file);
  const { value, broken } = readBuiltin(kind, raw[kind], path);
  const misplaced: Broken = {
    path: [...path.slice(0, -1), "user"],
    of: "key",
    why: `user is for command and script; ${kind} is con's own code`,
    remedy: "leave it out",
  };
  return {
    value: { kind: "builtin", name: kind, with: value },
    broken: raw.user === undefined ? broken : [...broken, misplaced],
  };
}

function readCommand(raw: string | RawCommand, user: CheckUser, path: KeyPath): Read<Probe> {
  const command = typeof raw === "string" ? { run: raw } : raw;
  const matches =
    command.output_matches === undefined
      ? null
      : readPattern(command.output_matches, [...path, "output_matches"]);
  const value: Probe = {
    kind: "command",
    run: command.run,
    test: command.test ?? null,
    exitCode: command.exit_code ?? null,
    outputMatches: matches?.value ?? null,
    user,
  };
  return { value, broken: matches?.broken ?? [] };
}

function readScript(raw: RawScript, user: CheckUser, path: KeyPath, file: string): Read<Probe> {
  const inline = raw.inline ?? null;
  if ((raw.path === undefined) === (inline === null)) {
    const why = inline === null ? "neither path nor inline is given" : "path and inline are given";
    const value: Probe = { kind: "script", path: null, inline: "exit 1", user };
    return { value, broken: [{ path, why, remedy: "give one of the two" }] };
  }
  const place = raw.path === undefined ? null : scriptPath(raw.path, file);
  const value: Probe = { kind: "script", path: place, inline, user };
  if (raw.path === undefined || place !== null) return { value, broken: [] };
  const why = `${raw.path} leaves the directory of the contract`;
  const remedy = "write a path below it, as in scripts/x.sh, or an absolute one";
  return { value, broken: [{ path: [...path, "path"], why, remedy }] };
}

/** Null for a path that leads out of the contract's own directory. */
function scriptPath(path: string, file: string): string | null {
  if (path.split("/").includes("..")) return null;
  return isAbsolute(path) ? path : join(dirname(file), path);
}

function readTimeout(raw: RawCheck, kind: ProbeName, path: KeyPath): Read<number> {
  const inner = innerTimeout(raw, kind);
  const written = inner ?? raw.timeout;
  if (written === undefined) return { value: defaultTimeoutSeconds, broken: [] };
  const place = inner === undefined ? [...path, "timeout"] : [...path, kind, "timeout"];
  const broken = tooLong(written, place, maxTimeoutSeconds, "10min");
  if (inner !== undefined && raw.timeout !== undefined && inner !== raw.timeout)
    broken.push({
      path: [...path, "timeout"],
      of: "key",
      why: `there is another timeout in ${kind}`,
      remedy: "leave one of the two out",
    });
  return { value: durationSeconds(written) ?? defaultTimeoutSeconds, broken };
}

function innerTimeout(raw: RawCheck, kind: ProbeName): RawDuration | undefined {
  if (kind === "script") return raw.script?.timeout;
  if (kind !== "command" || typeof raw.command === "string") return undefined;
  return raw.command?.timeout;
}
