/**
 * A booted container for tests, and what a test does in it: run a program as any user, put a file,
 * look at the volume from outside. Booted and torn down by the scripts that people use.
 * Never: a shell between a test's arguments and the program; a container that outlives the tests: a
 * reaper process holds a pipe from us and tears down when it closes, however we ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { restContracts } from "./contracts.ts";
import { mustRun, type Result, runProgram } from "./process.ts";

export const repository = resolve(import.meta.dirname, "../../..");

/** Plain data, so that vitest can hand the shared container to the processes that run test files. */
export interface Handle {
  readonly name: string;
  /** Holds `data/` and `machines/`; the reaper removes it. */
  readonly directory: string;
  readonly engine: Engine;
  /** Whose image/con-container is used: this repository or a private copy of it. */
  readonly checkout: string;
}

type Engine = "nspawn" | "podman";

export interface ExecOptions {
  readonly input?: string | Uint8Array;
  /** A user of the container; root if not given. */
  readonly user?: string;
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export class Container {
  readonly handle: Handle;
  readonly hostData: string;
  readonly #groups = new Map<string, string>();

  constructor(handle: Handle) {
    this.handle = handle;
    this.hostData = join(handle.directory, "data");
  }

  /** Runs a program in the container, with a clean environment. */
  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<Result> {
    const inside =
      options.user === undefined ? argv : [...(await this.#become(options.user)), ...argv];
    return runProgram([...this.#enter(), ...inside], { input: options.input ?? "" });
  }

  /** Like exec; a bad exit code is an error. */
  async must(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(argv, options);
    if (result.code !== 0) {
      throw new Error(`${argv.join(" ")}: exit ${result.code}\n${result.stdout}${result.stderr}`);
    }
    return result.stdout;
  }

  /**
   * Writes a file, as root or as the user given. The mode is set first and at the open file: a runner that is awake
   * moves a task away from its name as soon as it is written.
   */
  async copyIn(
    file: string,
    bytes: string | Uint8Array,
    mode = 0o644,
    user?: string,
  ): Promise<void> {
    const script = 'umask 077; { chmod "$2" /proc/self/fd/1 && cat; } >"$1"';
    const argv = ["/bin/sh", "-c", script, "sh", file, mode.toString(8)];
    await this.must(argv, user === undefined ? { input: bytes } : { input: bytes, user });
  }

  /** The make targets' script with this container's settings: verb and what the verb reads. */
  script(verb: string, settings: NodeJS.ProcessEnv = {}, input = ""): Promise<Result> {
    const program = join(this.handle.checkout, "image/con-container");
    return runProgram([program, verb], {
      input,
      env: { ...process.env, ...this.settings(), ...settings },
    });
  }

  /** What names this container to the scripts. */
  settings(): Readonly<Record<string, string>> {
    return {
      NAME: this.handle.name,
      ENGINE: this.handle.engine,
      BASE: "local",
      DATA: this.hostData,
      CON_MACHINES: join(this.handle.directory, "machines"),
    };
  }

  #enter(): string[] {
    const environment = ["/usr/bin/env", "-i", path, "HOME=/root", "LANG=C.UTF-8"];
    if (this.handle.engine === "podman") {
      return ["podman", "exec", "--interactive", this.handle.name, ...environment];
    }
    // As image/lib/nspawn.sh does it: nsenter's own fork can keep a container from ending.
    const enter = ["nsenter", "--target", String(this.leader()), "--all", "--no-fork", "--"];
    return [...enter, ...environment, "/bin/sh", "-c", '"$@"; exit $?', "sh"];
  }

  /** The host's id of the process that is PID 1 in an nspawn container. */
  leader(): number {
    const record = join(this.handle.directory, "machines", this.handle.name, "leader");
    return Number.parseInt(readFileSync(record, "utf8"), 10);
  }

  async #become(user: string): Promise<string[]> {
    const group = this.#groups.get(user) ?? (await this.must(["id", "-g", user])).trim();
    this.#groups.set(user, group);
    return ["setpriv", `--reuid=${user}`, `--regid=${group}`, "--init-groups", "--"];
  }
}

export interface BootOptions {
  readonly name?: string;
  readonly engine?: Engine;
  /** A copy of this checkout for the test to change, in place of the checkout itself. */
  readonly privateCheckout?: boolean;
  /** Build the image first; the shared nspawn image is there already. */
  readonly build?: boolean;
  /** Let the contracts' timer have its turns. It rests, or it would mend what a test breaks on purpose. */
  readonly contracts?: "awake";
  /** Further settings of `make run`, such as PROFILE or GPU. */
  readonly settings?: NodeJS.ProcessEnv;
}

export interface Reserved extends AsyncDisposable {
  readonly container: Container;
  /** Builds the image if that was asked for, boots it, and waits until it is ready. */
  run(): Promise<Result>;
}

let reserved = 0;

/** A name and a directory with a reaper set on them; nothing runs yet. */
export async function reserveContainer(options: BootOptions = {}): Promise<Reserved> {
  reserved += 1;
  const directory = await mkdtemp(join(tmpdir(), "con-test-"));
  const container = new Container({
    name: options.name ?? `con-test-${process.pid}-${reserved}`,
    directory,
    engine: options.engine ?? "nspawn",
    checkout: options.privateCheckout ? join(directory, "checkout") : repository,
  });
  const reaper = await startReaper(container.handle);
  if (options.privateCheckout) await copyCheckout(container.handle.checkout);
  return {
    container,
    run: () => buildAndRun(container, options),
    [Symbol.asyncDispose]: () => endReaper(reaper, directory),
  };
}

/** A container that is ready for tasks; `await using` tears it down. */
export async function bootContainer(options: BootOptions = {}): Promise<Reserved> {
  const own = await reserveContainer(options);
  const started = await own.run();
  if (started.code !== 0) {
    await own[Symbol.asyncDispose]();
    throw new Error(`the container did not boot: exit ${started.code}\n${started.stderr}`);
  }
  return own;
}

async function buildAndRun(container: Container, options: BootOptions): Promise<Result> {
  if (options.build) {
    const built = await container.script("image", options.settings);
    if (built.code !== 0) return built;
  }
  const ran = await container.script("run", options.settings);
  if (ran.code === 0 && options.contracts !== "awake") await restContracts(container);
  return ran;
}

/** What the image is made of. */
async function copyCheckout(to: string): Promise<void> {
  const parts = [
    "image",
    "units",
    "configs",
    "contracts",
    "dist",
    "build/sbom.ts",
    "src/config/schema",
    "src/contract/schema",
  ];
  await mustRun(["mkdir", to]);
  await mustRun(["cp", "-R", "--parents", ...parts, to], { cwd: repository });
  await mustRun(["ln", "-s", join(repository, "node_modules"), to]);
}

function startReaper({ directory, name }: Handle): Promise<ChildProcess> {
  const program = join(import.meta.dirname, "reaper");
  const child = spawn(program, [directory, name], {
    detached: true,
    stdio: ["pipe", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child));
    child.once("error", (error) => {
      rm(directory, { recursive: true }).then(() => reject(error), reject);
    });
  });
}

function endReaper(reaper: ChildProcess, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    reaper.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${directory}: the container left something behind: exit ${code}`));
    });
    reaper.stdin?.end();
  });
}
