/**
 * Puts a scripted model behind the real gateway of a container, and gives tasks to the front desk. The
 * container must be the test file's own: its aliases stay changed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Container, repository } from "../support/container.ts";

const node = "/usr/lib/con/node/bin/node";
const place = "/run/con-test-model";
const port = "18081";

export interface ScriptedModel {
  /** Drops a task and returns its id's part that names its files. */
  readonly drop: (calls: readonly (readonly [string, object])[]) => Promise<string>;
  /** The results of the calls, when the answer is there. */
  readonly answer: (name: string) => Promise<string[]>;
  readonly log: () => Promise<string[]>;
}

export interface Where {
  readonly agent: string;
  readonly socket: string;
}

/** Polls until `look` finds something. The limit only ends a test that has failed already. */
export async function until<T>(look: () => Promise<T | null>, what: string): Promise<T> {
  for (const end = Date.now() + 100_000; Date.now() < end; ) {
    const found = await look();
    if (found !== null) return found;
    await sleep(50);
  }
  throw new Error(`waited in vain: ${what}`);
}

export async function frontDesk(container: Container): Promise<Where> {
  const text = await container.must(["cat", "/var/lib/con/compiled/system.json"]);
  const { frontDesk: agent, gateway: socket } = JSON.parse(text) as Record<string, string>;
  return { agent: agent ?? "", socket: socket ?? "" };
}

let dropped = 0;

export async function scriptModel(
  container: Container,
  where: Where,
  mode: "answer" | "hang",
): Promise<ScriptedModel> {
  const log = `${place}/log`;
  const source = join(repository, "test/image/scripted/steps-model.mts");
  await container.must(["mkdir", "-p", place]);
  await container.copyIn(`${place}/model.mts`, readFileSync(source));
  const argv = [node, `${place}/model.mts`, port, log, mode];
  await container.must(["systemd-run", "--quiet", "--unit=con-test-model", ...argv]);
  const read = async () => (await container.exec(["cat", log])).stdout.split("\n");
  await until(async () => ((await read()).includes("listening") ? true : null), "the model");
  const url = `http://127.0.0.1:${port}/v1`;
  await container.must(["con", "model", "use", "scripted/steps", "--base-url", url]);
  return {
    log: read,
    async drop(calls) {
      dropped += 1;
      const name = `scripted-${process.pid}-${dropped}`;
      const inbox = `/srv/con/agents/${where.agent}/inbox`;
      await container.copyIn(`${inbox}/.${name}`, `${JSON.stringify(calls)}\n`);
      await container.must(["mv", `${inbox}/.${name}`, `${inbox}/${name}.task`]);
      return name;
    },
    answer: (name) => until(() => answerOf(container, where.agent, name), `answer of ${name}`),
  };
}

export async function responsesOf(container: Container, agent: string, name: string) {
  const outbox = `/srv/con/agents/${agent}/outbox`;
  const files = (await container.must(["ls", outbox])).split("\n");
  return files.filter((file) => file.includes(name) && file.endsWith(".response"));
}

async function answerOf(container: Container, agent: string, name: string) {
  const [file] = await responsesOf(container, agent, name);
  if (file === undefined) return null;
  const text = await container.must(["cat", `/srv/con/agents/${agent}/outbox/${file}`]);
  if (!text.startsWith("[")) throw new Error(`${name} was answered: ${text}`);
  return JSON.parse(text) as string[];
}
