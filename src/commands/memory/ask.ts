/**
 * Asks about the memory of an agent. As root: by a process that has given up root, has the agent's rights and no
 * terminal. In a directory of `con dev`: here. Never: opens an agent's file as root, or believes what comes back.
 */
import { agentPaths } from "../../spool/layout.ts";
import { ConError, type ExitCode, exit } from "../../system/errors.ts";
import { type ExecResult, exec } from "../../system/exec.ts";
import { asRoot } from "../shared/access.ts";
import type { Io } from "../shared/io.ts";
import { knownAgent } from "../shared/known.ts";
import { loadSystem } from "../shared/system.ts";
import { answer } from "./answer.ts";
import type { Answered, Asked, MemoryRequest } from "./request.ts";

type Run = (argv: readonly [string, ...string[]], input: string) => Promise<ExecResult>;

const timeoutMs = 60_000;
const run: Run = (argv, input) => exec(argv, { input, timeoutMs, cwd: "/" });

/** A session of its own has no terminal to write into. */
export const argvAs = (name: string, uid: number): readonly [string, ...string[]] => [
  "setsid",
  "setpriv",
  `--reuid=${uid}`,
  `--regid=a-${name}`,
  "--clear-groups",
  "--no-new-privs",
  "--bounding-set=-all",
  "--inh-caps=-all",
  "--",
  "/usr/bin/con",
  "memory",
  "answer",
];

export async function askMemory(
  io: Io,
  name: string,
  request: MemoryRequest,
  { by = run, isInstalled }: { readonly by?: Run; readonly isInstalled?: boolean } = {},
): Promise<unknown> {
  const { runtime, dev } = loadSystem(io.env);
  const { uid } = knownAgent(runtime, name);
  const { state } = agentPaths(runtime.root, name);
  const asked: Asked = { state, by: io.env["SUDO_USER"] ?? `uid-${io.uid}`, request };
  const isOwn = isInstalled !== true && (dev || io.uid === uid);
  if (!isOwn && io.uid !== 0)
    throw new ConError(exit.permission, `memory of ${name}`, "only root may look", asRoot);
  const answered = isOwn
    ? await answer(asked, io.now)
    : read(await by(argvAs(name, uid), JSON.stringify(asked)));
  if (answered.ok) return answered.value;
  const { code, why, remedy } = answered;
  throw new ConError(codeOf(code), `memory of ${name}`, String(why), String(remedy));
}

function read({ code, stdout, stderr }: ExecResult): Answered {
  const broken = (why: string): Answered => ({
    ...{ ok: false, code: exit.unavailable, why },
    remedy: "try again; con logs and con doctor may say more",
  });
  if (code !== 0) return broken(stderr.trim().split("\n")[0] || `the reader ended with ${code}`);
  try {
    const said = JSON.parse(stdout) as Answered | null;
    return said ?? broken("the answer is not readable");
  } catch (error) {
    if (error instanceof SyntaxError) return broken("the answer is not readable");
    throw error;
  }
}

const codeOf = (code: unknown): ExitCode =>
  Object.values(exit).find((one) => one === code && one !== exit.ok) ?? exit.unavailable;
