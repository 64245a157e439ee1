/** `con` in the booted system, as root, as a member of `trusted`, as agents and as a stranger. */
import { beforeAll, expect, test } from "vitest";
import type { Turn } from "../../src/commands/top/types.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const agents = ["concierge", "researcher", "strategist", "sysadmin"];
const trusted = "con-cli-tess";
const stranger = "con-cli-sam";

const con = (user: string, ...argv: string[]) =>
  container.exec(["con", ...argv], user === "root" ? {} : { user });

/** Until `argv` prints `text`; an error after half a minute. */
async function until(argv: readonly string[], text: string): Promise<void> {
  const script = 'text=$1; shift; until "$@" 2>/dev/null | grep -qF "$text"; do sleep 0.1; done';
  await container.must(["timeout", "90", "sh", "-c", script, "sh", text, ...argv]);
}

beforeAll(async () => {
  for (const name of [trusted, stranger])
    await container.must(["useradd", "--no-create-home", "--shell", "/bin/sh", name]);
  await container.must(["usermod", "--append", "--groups", "trusted", trusted]);
  // Who is verified is compiled at bootstrap.
  await container.must(["con", "bootstrap"]);
});

test("con task --wait prints the answer of the concierge, who ran as its own user", async () => {
  const { code, stdout, stderr } = await con(
    "root",
    "task",
    "--wait=60",
    "What agents are running?",
  );
  expect([code, stderr]).toEqual([0, ""]);
  for (const name of agents) expect(stdout).toContain(name);
  const latest = await con("root", "responses", "concierge", "-n", "1", "--json");
  const [{ id, path }] = JSON.parse(latest.stdout);
  expect(await container.must(["stat", "--format=%U", path])).toBe("a-concierge\n");
  const shown = JSON.parse((await con("root", "show", id, "--json")).stdout);
  expect(shown).toMatchObject({
    state: "done",
    agent: "concierge",
    record: { trust: "verified", from: { uid: 0, name: "root" }, model: "builtin/reflex" },
  });
  const trace = await con("root", "trace", id);
  expect([trace.code, trace.stdout]).toEqual([
    0,
    expect.stringMatching(/builtin\/reflex answered/),
  ]);
});

test("a member of trusted is verified, waits and reads answers, but sees no journal", async () => {
  const sent = await con(trusted, "task", "--wait=60", "--json", "What can you do?");
  expect([sent.code, sent.stderr]).toEqual([0, ""]);
  const { id, record } = JSON.parse(sent.stdout);
  expect(record).toMatchObject({ trust: "verified", from: { name: trusted } });
  expect((await con(trusted, "show", id)).code).toBe(0);
  expect((await con(trusted, "responses", "-n", "1")).stdout).toContain(id);
  const trace = await con(trusted, "trace", id);
  // The audit tells what was done and by whom; what was said stands in the journal alone.
  expect([trace.code, trace.stderr]).toEqual([0, expect.stringContaining("without the journal")]);
  expect(trace.stdout).toContain("audit: task claimed");
  expect(trace.stdout).not.toContain("What can you do?");
});

test.each([
  ["task", "hello"],
  ["task", "-a", "sysadmin", "hello"],
  ["task", "--wait", "hello"],
  ["show", "hello"],
  ["responses"],
])("a stranger's con %s is 77 with a remedy and leaves nothing", async (...argv) => {
  const { code, stdout, stderr } = await con(stranger, ...argv);
  expect([code, stdout]).toEqual([77, ""]);
  expect(stderr).toMatch(/^con: [^\n]*(trusted|root)[^\n]*\n$/);
  const left = ["find", "/srv/con", "-user", stranger];
  expect(await container.must(left)).toBe("");
});

test("an agent may task whom its manifest names, unverified; elsewhere it may only answer", async () => {
  const allowed = await con("a-sysadmin", "task", "-a", "concierge", "hello from an agent");
  expect([allowed.code, allowed.stderr]).toEqual([0, ""]);
  await until(["con", "show", allowed.stdout.trim()], "unverified");
  // The strategist may task it, so it may write there to answer; its runner refuses anything else.
  const refused = await con("a-sysadmin", "task", "-a", "strategist", "hello");
  await until(["con", "show", refused.stdout.trim()], "failed");
  const shown = JSON.parse((await con("root", "show", refused.stdout.trim(), "--json")).stdout);
  expect(shown.record.error).toContain("may answer here but not start work");
});

test("con status tells every agent's unit state; others see what they may", async () => {
  for (const name of agents) await until(["con", "status", name], "waiting");
  const all = JSON.parse((await con("root", "status", "--json")).stdout);
  expect(all.system).toMatchObject({
    isolation: "kernel",
    state: "ready",
    front_desk: "concierge",
  });
  expect(["waiting", "working"]).toContain(all.gateway.state);
  for (const agent of all.agents)
    expect(agent).toMatchObject({ pending: 0, active: 0, deferred: 0, state: "waiting" });
  const mine = JSON.parse((await con(stranger, "status", "--json")).stdout);
  expect(mine.agents.map(({ name }: { name: string }) => name)).toEqual(agents);
  for (const agent of mine.agents) expect(agent).toMatchObject({ active: null, deferred: null });
});

test("con logs shows the journal of an agent; who may not read it gets 77", async () => {
  const shown = await con("root", "logs", "-n", "50", "concierge");
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining("task settled")]);
  expect((await con(stranger, "logs", "concierge")).code).toBe(77);
  expect((await con("root", "logs", "nobody;id")).code).toBe(65);
});

test("root's con reads no link, FIFO or foreign file that an agent planted", async () => {
  const outbox = "/srv/con/agents/sysadmin/outbox";
  const secret = "/root/con-cli-secret";
  await container.copyIn(secret, "root's own words", 0o600);
  const plant = `ln -s ${secret} ${outbox}/link.response; mkfifo ${outbox}/pipe.response;
    mkdir ${outbox}/folder.response; ln -s ${secret} ${outbox}/link.json`;
  await container.must(["sh", "-c", plant], { user: "a-sysadmin" });
  const { code, stdout, stderr } = await con("root", "responses", "sysadmin");
  expect([code, stdout.includes("own words")]).toEqual([0, false]);
  for (const why of ["symbolic link", "not a regular file"]) expect(stderr).toContain(why);
  const shown = await con("root", "show", "link");
  expect([shown.code, shown.stdout]).toEqual([65, ""]);
});

const top = async (user: string): Promise<Turn> =>
  JSON.parse((await con(user, "top", "--once", "--json")).stdout) as Turn;

test("a running task is on top for who may see it, and is cancelled by who sent it", async () => {
  const { stdout: id } = await con(trusted, "task", "-a", "sysadmin", "run: sleep 50");
  const task = id.trim();
  await until(["con", "trace", task], " shell ");
  // What was done is on record a moment later than in the journal.
  await until(["con", "top", "--once", "--json"], '"step": "shell"');
  const { agents: all, ...whole } = await top("root");
  expect(whole).toMatchObject({
    ...{ system: { isolation: "kernel", state: "ready" }, halted: null },
    totals: { agents: agents.length, active: 1 },
    spend: { usd: expect.any(Number) },
  });
  const [first] = all;
  const seen = { name: "sysadmin", state: "working" };
  expect(first).toMatchObject({ ...seen, task: { id: task }, active: 1, cpu_pct: null });
  expect(Date.parse(first?.task?.since ?? "")).toBeLessThanOrEqual(Date.parse(whole.at));
  expect(first?.cpu_usec).toBeGreaterThan(0);
  expect(first?.memory_bytes).toBeGreaterThan(0);
  expect((await top(trusted)).agents[0]).toMatchObject({
    ...seen,
    task: { id: task },
    spend: null,
  });
  const theirs = { ...seen, task: null, step: null, active: null, spend: null };
  expect((await top(stranger)).agents[0]).toMatchObject(theirs);
  const shown = await con("root", "top");
  expect([shown.code, shown.stderr]).toEqual([0, ""]);
  expect(shown.stdout).toMatch(new RegExp(`\\nAGENT .*\\nsysadmin +working .* ${task} `));
  const asked = await con(trusted, "cancel", "-a", "sysadmin", task);
  expect([asked.code, asked.stderr]).toEqual([0, ""]);
  await until(["con", "show", task], "cancelled");
  expect((await con("root", "retry", task)).code).toBe(65);
});

test("a full disk is 75 and leaves nothing half-delivered", async () => {
  const script = `mount -t tmpfs -o size=64k,nr_inodes=20 none /srv/con/inbox
    trap 'umount /srv/con/inbox' EXIT
    head -c 60000 /dev/zero > /srv/con/inbox/fill
    head -c 40000 /dev/urandom | base64 | con task -; echo "code $?"
    ls -A /srv/con/inbox`;
  const unit = ["unshare", "--mount", "bash", "-c", script];
  const { stdout, stderr } = await container.exec(unit);
  expect([stdout, stderr]).toEqual([
    "code 75\nfill\n",
    expect.stringMatching(/^con: cannot deliver/),
  ]);
});
