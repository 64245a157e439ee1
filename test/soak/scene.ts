/** A booted container with agents, users and a scripted model, for flood and soak; and programs that run in it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scriptModel } from "../image/scripted/model.ts";
import {
  bootContainer,
  type Container,
  type Reserved,
  repository,
} from "../image/support/container.ts";
import { mustRun } from "../image/support/process.ts";

const node = "/usr/lib/con/node/bin/node";
const place = "/run/soak";

export interface Scene extends AsyncDisposable {
  readonly container: Container;
  /** What is /srv/con inside. */
  readonly data: string;
  readonly frontDesk: string;
}

/** Builds and boots; `prepare` writes the configuration before it is applied. */
export async function openScene(prepare: (container: Container) => Promise<void>): Promise<Scene> {
  for (const step of ["build/generate.ts", "build/bundle.ts"])
    await mustRun([process.execPath, step], { cwd: repository });
  const own = await bootContainer({ build: true });
  try {
    return await furnish(own, prepare);
  } catch (error) {
    await own[Symbol.asyncDispose]();
    throw error;
  }
}

async function furnish(
  own: Reserved,
  prepare: (container: Container) => Promise<void>,
): Promise<Scene> {
  const { container } = own;
  await container.must(["mkdir", "-p", place]);
  const programs = join(repository, "test/soak/inside");
  for (const name of readdirSync(programs))
    await container.copyIn(`${place}/${name}`, readFileSync(join(programs, name)));
  await prepare(container);
  await container.must(["con", "bootstrap"]);
  const frontDesk = "concierge";
  await scriptModel(container, { agent: frontDesk, socket: "" }, "answer");
  return {
    ...{ container, data: join(container.hostData, "srv"), frontDesk },
    [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
  };
}

/** Runs one of test/soak/inside to its end, as a user; what it printed. */
export async function inside<T>(
  { container }: Scene,
  program: string,
  args: readonly string[],
  user?: string,
): Promise<T> {
  const argv = [node, `${place}/${program}.mts`, ...args];
  const text = await container.must(argv, user === undefined ? {} : { user });
  return JSON.parse(text) as T;
}

/** Starts one as a unit of its own; returns where it writes. */
export async function alongside(
  { container }: Scene,
  program: string,
  args: readonly string[],
): Promise<string> {
  const output = `${place}/${program}.jsonl`;
  const argv = [node, `${place}/${program}.mts`, output, ...args];
  await container.must(["systemd-run", "--quiet", `--unit=soak-${program}`, ...argv]);
  return output;
}

export async function linesOf<T>({ container }: Scene, path: string): Promise<T[]> {
  const text = await container.must(["cat", path]);
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

/** The most memory that the container's control group had at a time, in bytes; null where the machine has none. */
export function peakMemory({ container }: Scene): number | null {
  const { directory, name } = container.handle;
  const groups = readFileSync(join(directory, "machines", name, "cgroups"), "utf8").split("\n");
  const group = groups.find((path) => path.startsWith("/sys/fs/cgroup/memory/"));
  if (group === undefined) return null;
  return Number(readFileSync(join(group, "memory.max_usage_in_bytes"), "utf8"));
}
