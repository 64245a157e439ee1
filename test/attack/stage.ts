/**
 * A container with agents for the attack suite: some that are hostile, and others that have something to lose.
 */
import { build } from "esbuild";
import { type ScriptedModel, scriptModel, until } from "../image/scripted/model.ts";
import { type Container, repository } from "../image/support/container.ts";
import { agents, manifests, program } from "./manifests.ts";

export { agents, program };

export const key = "sk-attack-3f9a1c7e5b2d";

export const sh = (container: Container, script: string, user?: string): Promise<string> =>
  container.must(["/bin/bash", "-ec", script], user === undefined ? {} : { user });

/** Agents and the scripted model, which answers for all of them. */
export async function stage(container: Container): Promise<ScriptedModel> {
  for (const [name, text] of Object.entries(manifests))
    await container.copyIn(`/etc/con/agents.d/${name}.yaml`, text);
  await container.must(["con", "credential", "set", "scripted"], { input: key });
  await putProgram(container);
  return scriptModel(container, { agent: "mallory", socket: "" }, "answer");
}

async function putProgram(container: Container): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [`${repository}/test/attack/agent.ts`],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
  });
  await container.copyIn(program, outputFiles[0]?.contents ?? "", 0o755);
}

/** Drops a task of root's for any agent. */
export async function drop(
  container: Container,
  agent: string,
  name: string,
  calls: readonly (readonly [string, object])[],
): Promise<void> {
  const inbox = `${agents}/${agent}/inbox`;
  await container.copyIn(`${inbox}/.${name}`, `${JSON.stringify(calls)}\n`, 0o640);
  await container.must(["mv", `${inbox}/.${name}`, `${inbox}/${name}.task`]);
}

export async function there(container: Container, glob: string): Promise<string> {
  const look = async (): Promise<string | null> => {
    const found = await container.exec(["/bin/bash", "-c", `ls -d ${glob} | head -n 1`]);
    return found.stdout.trim() || null;
  };
  return until(look, glob);
}

export async function pidOf(container: Container, unit: string): Promise<number> {
  const shown = await container.must(["systemctl", "show", "-P", "MainPID", unit]);
  const pid = Number(shown);
  if (!(pid > 1)) throw new Error(`${unit} does not run`);
  return pid;
}
