/**
 * `con upkeep NAME --dry-run` by root: looked up by a process that has given up root, has the agent's rights and no
 * terminal. Never: opens an agent's file as root, or believes or prints what comes back as it came.
 */
import { ConError, type ExitCode, exit } from "../../system/errors.ts";
import { exec } from "../../system/exec.ts";
import { argvAs } from "../shared/as-agent.ts";
import type { Io } from "../shared/io.ts";
import { safeJson, safeText } from "../shared/text.ts";

interface Foreseen {
  readonly name: string;
  readonly uid: number;
  readonly json: boolean;
}

const timeoutMs = 120_000;

export async function foresee({ name, uid, json }: Foreseen, io: Io): Promise<ExitCode> {
  const args = ["upkeep", name, "--dry-run", ...(json ? ["--json"] : [])];
  const { code, stdout, stderr } = await exec(argvAs(name, uid, args), { timeoutMs, cwd: "/" });
  if (code !== exit.ok && stdout === "") {
    const why = stderr.trim().split("\n")[0] || `the reader ended with ${code}`;
    throw new ConError(exit.unavailable, `upkeep ${name}`, why, "see con logs and con doctor");
  }
  io.out(json ? safeJson(valueIn(name, stdout)) : safeText(stdout));
  return code === exit.ok ? exit.ok : exit.unavailable;
}

function valueIn(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const why = "the answer is not readable";
    throw new ConError(exit.unavailable, `upkeep ${name}`, why, "see con logs and con doctor");
  }
}
