/**
 * A long task under the real unit: about 300 calls in a window of 16,384 tokens, and a runner that is killed again
 * and again. The answer needs every result; what the model was sent is judged afterwards, request by request.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadCounter } from "../../src/agent/context/tokens.ts";
import type { ModelRequest } from "../../src/model/types.ts";
import { faultsOf, tokensIn } from "../agent/strict-provider.ts";
import { numberAt, totalOf } from "../agent/support/long.ts";
import { frontDesk, responsesOf, until, type Where } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";

const steps = 300;
const kills = 20;
const port = "18084";
const place = "/run/con-test-ledger";
const remarks = "with the usual remarks, of which there are many and none matters; ";

let own: Reserved;
let container: Container;
let where: Where;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  where = await frontDesk(container);
  await startModel();
  await configure();
});
afterAll(() => own[Symbol.asyncDispose]());

const copyOf = async (path: string): Promise<string> => {
  const name = `${place}/${path.split("/").at(-1)}`;
  await container.copyIn(name, readFileSync(join(repository, path)));
  return name;
};

async function startModel(): Promise<void> {
  await container.must(["mkdir", "-p", place]);
  const server = await copyOf("test/image/scripted/ledger-model.mts");
  const long = await copyOf("test/agent/support/long.ts");
  const argv = ["/usr/lib/con/node/bin/node", server, port, `${place}/log`, long, String(steps)];
  await container.must(["systemd-run", "--quiet", "--unit=con-test-ledger", ...argv]);
  const greet = ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`];
  await until(async () => ((await container.exec(greet)).code === 0 ? true : null), "the model");
}

async function configure(): Promise<void> {
  const url = `http://127.0.0.1:${port}/v1`;
  await container.must(["con", "model", "use", "scripted/ledger", "--base-url", url]);
  const models = "/etc/con/con.yaml";
  const edit = "s|^  smart:.*|  smart: {use: [scripted/ledger], context: 16384}|";
  await container.must(["sed", "-i", edit, models]);
  const manifest = `/etc/con/agents.d/${where.agent}.yaml`;
  const written = await container.must(["cat", manifest]);
  await container.copyIn(manifest, `${written}\nlimits: {steps: 1000, ask_after: 1000}\n`);
  await container.must(["con", "bootstrap"]);
  const compiled = await container.must([
    "cat",
    `/var/lib/con/compiled/agents/${where.agent}.json`,
  ]);
  expect(JSON.parse(compiled)).toMatchObject({ context: 16_384, limits: { steps: 1000 } });
}

const unit = () => `con@${where.agent}.service`;
const workspace = () => `/srv/con/agents/${where.agent}/workspace`;

async function done(): Promise<string[]> {
  const { stdout } = await container.exec(["cat", `${workspace()}/done`]);
  return stdout.split("\n").filter((line) => line !== "");
}

const seed = Number(process.env["CON_TEST_SEED"] ?? Date.now() % 2 ** 31);

/** Calls after which it is killed, one in each part of the task, and hundredths of a second more. */
function moments(from: number): { readonly call: number; readonly more: number }[] {
  let state = from;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const part = (steps - 10) / kills;
  return Array.from({ length: kills }, (_, at) => ({
    call: Math.floor(at * part) + random(part - 2),
    more: random(10),
  }));
}

/**
 * Within the container: what is asked from outside comes late. So many in a row would have systemd wait longer each time,
 * which is not what is looked at here.
 */
const killer = (all: ReturnType<typeof moments>): string =>
  all
    .map(({ call, more }) =>
      [
        `n=0; until [ "$(cat ${workspace()}/done 2>/dev/null | wc -l)" -ge ${call} ]`,
        "do n=$((n+1)); [ $n -le 3000 ] || exit 9; sleep 0.02; done",
        `sleep 0.0${more}; systemctl reset-failed ${unit()}; systemctl kill --signal=KILL ${unit()}`,
      ].join("; "),
    )
    .join("\n");

it("survives kill -9, remembers everything, and fits", { timeout: 300_000 }, async () => {
  console.info(`seed ${seed}: CON_TEST_SEED=${seed} has the same moments`);
  const ledger = Array.from(
    { length: steps },
    (_, at) =>
      `entry ${at + 1} value ${numberAt(at + 1)}. Line ${at + 1}, ${remarks.repeat(1 + (at % 12))}`,
  );
  await container.copyIn(
    `${workspace()}/ledger`,
    `${ledger.join("\n")}\n`,
    0o644,
    `a-${where.agent}`,
  );
  const sent = await container.must(["con", "task", "--json", "Add up the ledger."]);
  const { id } = JSON.parse(sent) as { id: string };

  await container.must(["/bin/sh", "-c", killer(moments(seed))]);
  for (const part of [100, 200, steps])
    await until(async () => ((await done()).length >= part ? true : null), `call ${part}`);
  const [file] = await until(async () => {
    const files = await responsesOf(container, where.agent, id);
    return files.length === 0 ? null : files;
  }, "the answer");
  const answer = await container.must(["cat", `/srv/con/agents/${where.agent}/outbox/${file}`]);
  expect(answer.trim()).toBe(`The total is ${totalOf(steps)}.`);
  expect(await responsesOf(container, where.agent, id)).toHaveLength(1);
  expect(await done()).toEqual(Array.from({ length: steps }, (_, at) => String(at + 1)));

  const trace = JSON.parse(await container.must(["con", "trace", "--json", id])) as {
    readonly events: readonly {
      kind: string;
      ok?: boolean;
      interrupted?: boolean;
      name?: string;
    }[];
  };
  const results = trace.events.filter(({ kind }) => kind === "tool-result");
  expect(results.filter(({ interrupted }) => interrupted !== true)).toHaveLength(steps);
  // One that comes between two attempts hits nothing.
  expect(trace.events.filter(({ kind }) => kind === "attempt").length).toBeGreaterThan(kills / 2);
  const compactions = trace.events.filter(({ kind }) => kind === "compaction");
  expect(compactions.length).toBeGreaterThan(2);
  expect(new Set(compactions.map(({ name }) => name))).toEqual(new Set(["summary"]));

  const requests = (await container.must(["cat", `${place}/log`]))
    .trim()
    .split("\n")
    .map((line) => ({ tools: [], taskId: id, ...(JSON.parse(line) as Partial<ModelRequest>) }))
    .map((request) => request as ModelRequest);
  const count = await loadCounter();
  expect(requests.length).toBeGreaterThan(steps);
  expect(requests.flatMap(faultsOf)).toEqual([]);
  const most = Math.max(...requests.map((request) => tokensIn(request, count)));
  expect(most).toBeLessThanOrEqual(16_384 - 4096);
});

it("is told in words by con trace", async () => {
  const [file = ""] = (await container.must(["ls", `/srv/con/agents/${where.agent}/outbox`])).split(
    "\n",
  );
  const story = await container.must(["con", "trace", file.replace(/\.(response|json)$/, "")]);
  expect(story).toMatch(/compaction begins at \d+ of 12288 tokens/);
  expect(story).toMatch(
    /conversation compacted: \d+ messages replaced by a summary, \d+ → \d+ tokens/,
  );
});
