/**
 * The table of attempts: what is tried, what would be lost, what stops it, and where the same must succeed.
 * docs/attacks.md is written from it; test/image/attack.test.ts carries it out.
 */
import type { Arguments, Order } from "./types.ts";

/** From where an attempt is made. */
export type Vantage =
  /** A command of the tool `shell`, inside bubblewrap. */
  | "shell"
  /** A program that claims to be an MCP server, started by the runner of the same agent. */
  | "server"
  /** A program that does an agent's tasks in place of con's loop, with the bridge to its models. */
  | "program"
  /** Code in a throw-away sandbox, asked for by another agent. */
  | "code"
  /** In place of the runner: the unit with all its directives, no bubblewrap. Tier operator. */
  | "runner"
  /** The same of an agent of tier worker. */
  | "worker"
  /** The same of a worker that may connect to one address. */
  | "online"
  /** In place of the runner of an agent that has the throw-away sandbox and the browser. */
  | "granted"
  /** The agent's user without its unit: what owners, modes, access lists and packet rules hold alone. */
  | "outside";

/** Where the control is made: the same deed, and it must succeed. */
export type ControlPlace =
  /** As root, outside of every unit. */
  | "root"
  /** As the agent's own user, outside of its unit: only the unit stands in the way. */
  | "user"
  /** From the same place, at a target that it may reach: only the target makes the difference. */
  | "there";

/** What the test has prepared; every value is there to be reached. */
export interface World {
  /** Bases of directories of agents. */
  readonly me: string;
  readonly colleague: string;
  readonly loner: string;
  /** Files and directories by name. */
  readonly at: Readonly<Record<string, string>>;
  /** Process ids by name. */
  readonly pids: Readonly<Record<string, number>>;
  /** Numbers by name: uids, gids. */
  readonly ids: Readonly<Record<string, number>>;
}

type With = (world: World) => Arguments;

export interface Attempt {
  readonly name: string;
  readonly loses: string;
  readonly stops: string;
  readonly deed: string;
  readonly with: With;
  readonly from: readonly Vantage[];
  /** What may stand in its way; anything else is not the defence that was meant. */
  readonly refusals: readonly string[];
  readonly control: { readonly as: ControlPlace; readonly with: With };
}

export interface Group {
  readonly title: string;
  readonly attempts: readonly Attempt[];
}

/** A path that is closed, hidden or read-only. */
export const closed = ["EACCES", "EPERM", "EROFS", "ENOENT"] as const;
export const inUnits: readonly Vantage[] = ["shell", "runner", "worker"];
/** What holds for a command holds for whatever else is started in a sandbox. */
const likeShell: readonly Vantage[] = ["server", "program", "code"];
/** Where the unit is one of two layers, the other has to hold alone too. */
export const everywhere: readonly Vantage[] = [...inUnits, "outside"];

type Short = Pick<Attempt, "name" | "loses" | "stops" | "deed"> &
  Partial<Omit<Attempt, "control">> & {
    readonly control?: Partial<Attempt["control"]>;
    /** The others have another bound there, or none. */
    readonly onlyShell?: true;
  };

/** An attempt with what most of them have: files, everywhere, and root as the control. */
export function attempt(short: Short): Attempt {
  const args = short.with ?? (() => ({}));
  const from = short.from ?? inUnits;
  return {
    refusals: closed,
    ...short,
    from: from.includes("shell") && !short.onlyShell ? [...from, ...likeShell] : from,
    with: args,
    control: { as: "root", with: args, ...short.control },
  };
}

export const orderOf = ({ name, deed, with: args }: Attempt, world: World): Order => ({
  name,
  deed,
  args: args(world),
});

export const controlOf = ({ name, deed, control }: Attempt, world: World): Order => ({
  name,
  deed,
  args: control.with(world),
});

/** The place in the world that was prepared under this name. */
export function at(name: string): (world: World) => string {
  return (world) => {
    const place = world.at[name];
    if (place === undefined) throw new Error(`the test has prepared no ${name}`);
    return place;
  };
}

export const path =
  (name: string): With =>
  (world) => ({ path: at(name)(world) });

export const pid =
  (name: string, more: Arguments = {}): With =>
  (world) => {
    const found = world.pids[name];
    if (found === undefined) throw new Error(`the test has prepared no process ${name}`);
    return { pid: found, ...more };
  };
