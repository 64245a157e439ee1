/** What is left in a container when all work is done: to be nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Scene } from "./scene.ts";

/** For all to come to rest. */
const patienceMs = 3 * 60_000;

/** What is left when all is quiet. */
export interface After {
  readonly failedUnits: readonly string[];
  readonly children: readonly string[];
  readonly processes: readonly string[];
  readonly drift: string;
  readonly chains: string;
  readonly held: string;
}

const lines = (text: string): string[] => text.split("\n").filter(Boolean);

export async function lookAfter({ container }: Scene): Promise<After> {
  const sh = async (script: string) => (await container.exec(["sh", "-c", script])).stdout;
  const con = async (...argv: string[]) => {
    const { code, stdout, stderr } = await container.exec(["con", ...argv]);
    return code === 0 ? "" : `exit ${code}: ${stdout}${stderr}`.slice(0, 2000);
  };
  const units = (which: string) => sh(`systemctl list-units --plain --no-legend ${which}`);
  // Sessions linger; what is started by a timer was killed at most once since, and its next run heals it.
  const restless = async () =>
    (await units("--state=active,activating 'con@*.service' 'con-sandbox@*' 'con-browser@*'")) +
    (await units("--failed 'con*'"));
  for (const end = Date.now() + patienceMs; Date.now() < end && (await restless()) !== ""; )
    await sleep(1_000);
  return {
    failedUnits: lines(await units("--failed 'con*'")),
    children: lines(
      await sh("ls /var/lib/con/children | grep '[.]json$'; ls /srv/con/agents | grep ^spawn-"),
    ),
    processes: lines(await sh("ps -eo user:32,pid,args | grep -E '^(a-|con-sandbox|con-browser)'")),
    drift: await con("verify"),
    chains: await con("logs", "--verify"),
    held: await sh("ls /var/lib/con/holds"),
  };
}
