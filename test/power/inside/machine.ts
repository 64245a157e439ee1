/** What the parts of the job share: a line for the host, a program's end, the names of the agents. */
import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";

export const agents = ["power-1", "power-2", "power-3", "power-4"] as const;
/** Its runner is a program, which runs at least once for a task; tools of the others run at most once. */
export const program = "power-4";

export const baseOf = (agent: string): string => `/srv/con/agents/${agent}`;

/** A line on the serial port. It waits for the port, as a write to it may be a short one. */
export function say(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

export interface Ended {
  readonly code: number | null;
  readonly text: string;
}

export function run(argv: readonly string[]): Ended {
  const [command = "", ...rest] = argv;
  const { status, stdout, stderr, error } = spawnSync(command, rest, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (error !== undefined) throw error;
  return { code: status, text: `${stdout}${stderr}` };
}
