/**
 * The audit trail of agents in the booted system: what an agent did is there, under the name that the kernel
 * says, and nobody who may read it can change it unseen.
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;

const trusted = "con-trent";
const stranger = "con-sam";
const agent = "concierge";
const user = `a-${agent}`;
const agents = "/srv/con/logs/audit/agents";
const workspace = `/srv/con/agents/${agent}/workspace`;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  for (const name of [trusted, stranger]) await container.must(["useradd", "-M", name]);
  await container.must(["usermod", "--append", "--groups", "trusted", trusted]);
  // Who is verified is compiled at bootstrap.
  await container.must(["con", "bootstrap"]);
});
afterAll(() => own?.[Symbol.asyncDispose]());

const sh = (script: string, as?: string): Promise<string> =>
  container.must(["/bin/bash", "-ec", script], as === undefined ? {} : { user: as });
const tries = async (script: string, as: string): Promise<number> =>
  (await container.exec(["/bin/bash", "-ec", script], { user: as })).code;

/** Waits, inside the container, until `condition` holds. */
const until = (condition: string): Promise<string> =>
  sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 900 ] || exit 9; sleep 0.1; done`);

type Line = Readonly<Record<string, unknown>>;

async function audit(task: string): Promise<Line[]> {
  const text = await container.must(["con", "logs", "--audit", "-n", "1000", "--json"]);
  const { events } = JSON.parse(text) as { events: Line[] };
  return events.filter((line) => line["task"] === task);
}

/** Waits until the trail has the end of a task, which is told a moment after the answer. */
async function ended(task: string): Promise<Line[]> {
  await until(`grep -q '"state":"done".*"task":"${task}"' ${agents}/*.jsonl`);
  return audit(task);
}

async function done(text: string): Promise<string> {
  const id = (await container.must(["con", "task", "-a", agent, text])).trim();
  await until(`[ -e /srv/con/agents/${agent}/outbox/${id}.json ]`);
  return id;
}

const verify = () => container.exec(["con", "logs", "--verify"]);

describe("what an agent did", () => {
  test("is there: task, model calls, the tool call with hash and preview, and its end", async () => {
    const id = await done("run: echo audited-word; export TOKEN=hunter2");
    const lines = await ended(id);
    const uid = Number(await sh(`id -u ${user}`));
    for (const line of lines) expect(line).toMatchObject({ agent, uid });
    const states = lines.filter(({ kind }) => kind === "task").map(({ state }) => state);
    expect(states).toEqual(["claimed", "attempt", "outcome", "done"]);
    expect(lines.find(({ state }) => state === "claimed")).toMatchObject({
      from: "root",
      from_uid: 0,
      trust: "verified",
    });
    const models = lines.filter(({ kind }) => kind === "model-call");
    expect(models).not.toEqual([]);
    for (const line of models) expect(line).toMatchObject({ source: "gateway", status: 200 });

    const journal = await sh(`cat /srv/con/agents/${agent}/state/journal/${id}.jsonl`);
    const [intent] = journal
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line)
      .filter(({ kind }) => kind === "tool-intent");
    const sha = createHash("sha256").update(String(intent?.["arguments"])).digest("hex");
    expect(lines.find(({ kind }) => kind === "tool-call")).toMatchObject({
      ...{ name: "shell", args_sha256: sha, source: "runner" },
      preview: expect.stringContaining("audited-word"),
    });
    expect(lines.find(({ kind }) => kind === "tool-result")).toMatchObject({ ok: true });
    expect(JSON.stringify(lines)).not.toContain("hunter2");
  });

  test("is in the journal too, with fields to look for, from the gateway's user", async () => {
    const id = await done("run: echo hello");
    await ended(id);
    await until(`journalctl -q -o json CON_TASK=${id} | grep -q '"CON_AUDIT":"tool-call"'`);
    const entries = await sh(`journalctl -q -o json CON_TASK=${id} CON_AUDIT=tool-call`);
    const [entry] = entries.trimEnd().split("\n");
    const gateway = (await sh("id -u con-gateway")).trim();
    expect(JSON.parse(entry ?? "")).toMatchObject({ CON_AGENT: agent, _UID: gateway });
  });

  test("is there before the tool runs, so a killed runner cannot have done it unseen", async () => {
    await sh(`rm -f ${workspace}/begun`);
    const text = "run: touch begun; until [ -e go ]; do sleep 0.1; done; rm go; echo over";
    const id = (await container.must(["con", "task", "-a", agent, text])).trim();
    await until(`[ -e ${workspace}/begun ]`);
    const before = await audit(id);
    expect(before.map(({ kind }) => kind)).toContain("tool-call");
    await sh(`systemctl kill --signal=KILL con@${agent}.service; touch ${workspace}/go`);
    await until(`[ -e /srv/con/agents/${agent}/outbox/${id}.json ]`);
    await until(`grep -q '"interrupted":true.*"task":"${id}"' ${agents}/*.jsonl`);
    expect((await verify()).code).toBe(0);
  });

  test("goes on after a kill of the gateway, in one chain", async () => {
    await sh("systemctl kill --signal=KILL con-gateway.service");
    await ended(await done("run: echo again"));
    expect(await verify()).toMatchObject({ code: 0 });
  });
});

describe("who may do what with it", () => {
  const copy = "/root/audit-copy";
  const file = `$(ls ${agents}/agents-*.jsonl | tail -n 1)`;
  const changes: [string, string][] = [
    ["add a line", `echo x >>${file}`],
    ["cut it", `truncate -s 0 ${file}`],
    ["replace it", `echo x >/tmp/x-$$; mv /tmp/x-$$ ${file}`],
    ["remove it", `rm ${file}`],
    ["rename it", `mv ${file} ${agents}/other`],
    ["add a file", `touch ${agents}/agents-2020-01-01.jsonl`],
    ["take the directory away", `mv ${agents} ${agents}.old`],
    ["open it for others", `chmod a+rwx ${file}`],
  ];
  test.each(changes)("neither an agent nor a trusted person can %s", async (_, script) => {
    await ended(await done("hello"));
    // The same can be done where nobody forbids it.
    await sh(`rm -rf ${copy}; cp -a ${agents} ${copy}; ${script.replaceAll(agents, copy)}`);
    const before = await sh(`sha256sum ${agents}/*`);
    for (const as of [user, "a-sysadmin", trusted, stranger])
      expect(await tries(script, as), as).not.toBe(0);
    expect(await sh(`sha256sum ${agents}/*`)).toBe(before);
  });

  test("a trusted person reads it, a stranger and the agent itself do not", async () => {
    expect(await tries(`cat ${file}`, trusted)).toBe(0);
    expect(await tries("con logs --audit", trusted)).toBe(0);
    for (const as of [user, stranger]) expect(await tries(`cat ${agents}/*`, as)).not.toBe(0);
    expect(await tries("con logs --audit", stranger)).toBe(77);
  });

  test("an agent's user adds lines about itself only, whatever it claims", async () => {
    const program = `
      import http from "node:http";
      const event = { kind: "approval", state: "approved", id: "forged", task: "forged-task", stream: "0".repeat(16),
        n: 1, uid: 0, agent: "root", source: "gateway" };
      const call = http.request({ socketPath: "/run/con/gateway.sock", method: "POST", path: "/con/audit" });
      call.on("response", (response) => response.pipe(process.stdout));
      call.end(JSON.stringify({ events: [event] }));`;
    const argv = ["/usr/bin/node", "--input-type=module", "-e", program];
    expect(JSON.parse(await container.must(argv, { user }))).toMatchObject({ accepted: 1 });
    const uid = Number(await sh(`id -u ${user}`));
    expect(await audit("forged-task")).toMatchObject([{ agent, uid, source: "runner" }]);
    expect((await container.exec(argv, { user: stranger })).stdout).toContain("no agent");
  });
});

describe("con logs --verify", () => {
  const broken: [string, string][] = [
    ["an edit", `sed -i '2s/"kind":"[a-z-]*"/"kind":"other"/' $f`],
    ["a removed line", "sed -i 2d $f"],
    ["a removed beginning", "sed -i 1,2d $f"],
    ["an added line", `echo '{"kind":"task"}' >>$f; echo x >>$f`],
  ];
  test.each(broken)("finds %s, and names the file", async (_, change) => {
    await sh("systemctl stop con-gateway.service");
    const file = (await sh(`ls ${agents}/agents-*.jsonl | tail -n 1`)).trim();
    await sh(`cp -a ${file} /root/kept; f=${file}; ${change}`);
    const found = await verify();
    const { stdout: contract } = await container.exec(["con", "healthcheck", "--all", "--dry-run"]);
    await sh(`cp -a /root/kept ${file}`);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain(`broken: ${file}, line `);
    expect(contract).toContain(file);
    expect((await verify()).code).toBe(0);
  });
});

test("con trace joins what is known about a task, for root and for who may not read the journal", async () => {
  const id = await done("run: echo traced-word");
  await ended(id);
  const whole = await container.must(["con", "trace", id]);
  for (const part of [
    "audit: task claimed, from root",
    "tool 1.1 shell",
    "audit: model call",
    "audit: task done",
  ])
    expect(whole).toContain(part);
  expect(whole).not.toContain("they differ");
  const part = await container.must(["con", "trace", id], { user: trusted });
  expect(part).toContain("audit: tool 1.1 shell");
  expect(part).toContain("traced-word");
  expect((await container.exec(["con", "trace", id], { user: stranger })).code).toBe(77);
});

test("con verify finds directory and access lists as they should be", async () => {
  expect(await container.must(["stat", "-c", "%U %a", agents])).toBe("con-gateway 2750\n");
  expect((await container.exec(["con", "verify"])).code).toBe(0);
});
