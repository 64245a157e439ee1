/**
 * More agents than this machine has inotify instances for root: the rest gets a bell. Alone, because all containers
 * of a machine share those instances.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "../support/container.ts";

let own: Reserved;
let container: Container;

beforeAll(async () => {
  own = await bootContainer({ build: true });
  container = own.container;
});
afterAll(async () => own?.[Symbol.asyncDispose]());

interface Report {
  readonly changes: readonly unknown[];
  readonly removals: readonly unknown[];
  readonly findings: readonly { readonly what: string }[];
  readonly failures: readonly unknown[];
}

async function bootstrap(): Promise<Report & { readonly code: number }> {
  const result = await container.exec(["con", "bootstrap", "--json"]);
  return { ...(JSON.parse(result.stdout) as Report), code: result.code };
}

const state = async (unit: string): Promise<string> =>
  (await container.exec(["systemctl", "is-active", unit])).stdout.trim();

test("agents get a bell instead of a path unit, and it wakes them", async () => {
  const script = `for n in $(seq 0 129); do printf '%s\\n' "name: t-w$n" 'tier: worker' \
    'description: of a test' 'can: {tools: [reply]}' >/etc/con/agents.d/t-w$n.yaml; done`;
  await container.must(["/bin/sh", "-ec", script]);
  const report = await bootstrap();
  expect(report).toMatchObject({ code: 0, failures: [] });
  const { stdout } = await container.exec(["con", "agent", "list", "--json"]);
  const { agents: all } = JSON.parse(stdout) as { agents: { name: string; wake: string }[] };
  const wakes = Object.groupBy(all, ({ wake }) => wake);
  const deaf = wakes["bell"]?.at(-1)?.name ?? "none: the limit here is above the crowd";
  expect(wakes["path"]?.map(({ name }) => name)).toContain("concierge");
  expect(await state(`con-bell@${deaf}.socket`)).toBe("active");
  expect(await state(`con@${deaf}.path`)).toBe("inactive");
  expect(report.findings.map(({ what }) => what).join()).toContain("are woken by a bell");
  expect(await bootstrap()).toMatchObject({ code: 0, changes: [], removals: [] });
  const answer = await container.exec(["con", "task", "--wait=60", "-a", deaf, "hello"]);
  expect(answer).toMatchObject({ code: 0, stderr: expect.not.stringContaining("failed") });
  await expect.poll(() => state(`con@${deaf}.service`), { timeout: 60_000 }).toBe("inactive");
  const ring = ["sh", "-c", `echo x > /run/con/bell/${deaf}`];
  expect((await container.exec(ring, { user: "a-concierge" })).code).not.toBe(0);
});
