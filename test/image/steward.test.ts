/**
 * The steward under its real, hardened unit: what it stops stays stopped over everything, what it lets go
 * goes on where it was, and who may not ask asks in vain.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { dropRequest, newId } from "./support/request.ts";

let own: Reserved;
let container: Container;
const trusted = "con-trent";
const stranger = "con-sam";
const steward = "/srv/con/steward";
const agents = "/srv/con/agents";
const running = "concierge";
const other = "sysadmin";

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await addPeople();
});
afterAll(() => own[Symbol.asyncDispose]());

/** The container's user database is made anew at each boot. */
async function addPeople(): Promise<void> {
  for (const name of [trusted, stranger]) await container.must(["useradd", "-M", name]);
  await container.must(["usermod", "--append", "--groups", "trusted", trusted]);
  // Who is verified is compiled at bootstrap.
  await container.must(["con", "bootstrap"]);
}

const con = (...argv: string[]) => container.exec(["con", ...argv]);

async function mustCon(...argv: string[]): Promise<string> {
  return (await container.must(["con", ...argv])).trim();
}

const sh = (script: string, user?: string): Promise<string> =>
  container.must(["/bin/sh", "-c", script], user === undefined ? {} : { user });

/** Waits, inside the container, until `condition` holds. */
const until = (condition: string): Promise<string> =>
  sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 900 ] || exit 9; sleep 0.1; done`);

const active = async (unit: string): Promise<string> =>
  (await container.exec(["systemctl", "is-active", unit])).stdout.trim();

const gate = (agent: string): string => `${agents}/${agent}/workspace/go`;

/** A task that is at work until its agent's gate opens. */
async function busy(agent: string): Promise<string> {
  await sh(`rm -f ${gate(agent)} ${agents}/${agent}/workspace/begun`);
  const text = "run: touch begun; until [ -e go ]; do sleep 0.1; done; rm -f begun; echo finished";
  const id = await mustCon("task", "-a", agent, text);
  await until(`[ -e ${agents}/${agent}/workspace/begun ]`);
  return id;
}

const open = (agent: string): Promise<string> => sh(`touch ${gate(agent)}`);

/** Waits for the answer, and that it is the only one. */
async function answered(agent: string, id: string): Promise<void> {
  const outbox = `${agents}/${agent}/outbox`;
  await until(`[ -e ${outbox}/${id}.json ]`);
  expect(JSON.parse(await sh(`cat ${outbox}/${id}.json`))).toMatchObject({ status: "done" });
  expect(await sh(`ls ${outbox} | grep -c '^${id}.*[.]response$'`)).toBe("1\n");
}

const answerOf = async (path: string) => JSON.parse(await sh(`cat ${path}`));

const drop = (request: object, user?: string) => dropRequest(container, request, user);

async function answerTo(id: string) {
  await until(`[ -e ${steward}/outbox/${id}.json ]`);
  return answerOf(`${steward}/outbox/${id}.json`);
}

const held = async (agent: string) =>
  JSON.parse(await mustCon("agent", "show", agent, "--json")) as {
    readonly state: string;
    readonly held: { readonly kind: string; readonly by: string; readonly why: string } | null;
  };

describe("quarantine of an agent at work", () => {
  let interrupted = "";
  let waiting = "";

  beforeAll(async () => {
    interrupted = await busy(running);
    await sh(`setpriv --reuid=a-${running} --clear-groups setsid sleep 4321 >/dev/null 2>&1 &`);
    expect((await container.exec(["pgrep", "-u", `a-${running}`])).code).toBe(0);
    const asAgent = ["con", "task", "-a", running, "hello"];
    expect((await container.exec(asAgent, { user: `a-${other}` })).code).toBe(0);
    await mustCon("agent", "quarantine", running, "--why", "a test");
    waiting = await mustCon("task", "What can you do?");
  });

  async function expectCutOff(): Promise<void> {
    await container.must(["systemctl", "start", `con@${running}.path`]);
    expect(await active(`con@${running}.path`)).toBe("inactive");
    await container.must(["systemctl", "start", `con@${running}.service`]);
    expect(await active(`con@${running}.service`)).toBe("inactive");
    expect((await container.exec(["pgrep", "-u", `a-${running}`])).code).toBe(1);
    const inbox = `${agents}/${running}/inbox`;
    const dropped = await container.exec(["touch", `${inbox}/x.task`], { user: `a-${other}` });
    expect([dropped.code, dropped.stderr]).toEqual([1, expect.stringContaining("denied")]);
    expect(await held(running)).toMatchObject({
      state: "quarantined",
      held: { kind: "quarantined", by: "root", why: "a test", undo: `con agent resume ${running}` },
    });
    expect(await sh(`ls ${agents}/${running}/queue/active`)).toContain(interrupted);
  }

  test("nothing runs, nothing starts it, nobody reaches it; the rest goes on", async () => {
    await expectCutOff();
    expect(await mustCon("status", running)).toContain(
      `${running} is quarantined by root: a test: con agent resume ${running}`,
    );
    const asked = await con("task", "-a", other, "--wait=60", "What can you do?");
    expect(asked.code).toBe(0);
  });

  test("what still ran as its user could do nothing: no runner by hand, no model, no word to others", async () => {
    const user = `a-${running}`;
    const byHand = await container.exec(["con", "run", running], { user });
    expect([byHand.code, byHand.stderr]).toEqual([75, expect.stringContaining("quarantined")]);
    const ask = [
      ...["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"],
      ...["--unix-socket", "/run/con/gateway.sock", "-H", "content-type: application/json"],
      ...["-d", '{"model":"smart","messages":[{"role":"user","content":"hello"}]}'],
      "http://con/v1/chat/completions",
    ];
    expect(await container.must(ask, { user: `a-${other}` })).toBe("200");
    expect(await container.must(ask, { user })).toBe("503");
    const inbox = `${agents}/${other}/inbox`;
    expect((await container.exec(["touch", `${inbox}/x.task`], { user })).code).toBe(1);
  });

  test("it holds over a sweep, con bootstrap, and is no drift", async () => {
    await container.must(["systemctl", "start", "con-sweep.service"]);
    expect((await con("bootstrap")).stdout).toContain("nothing to change");
    expect((await con("verify")).code).toBe(0);
    await expectCutOff();
  });

  test("it holds over a reboot", async () => {
    for (const verb of ["stop", "run"])
      expect(await container.script(verb)).toMatchObject({ code: 0 });
    await addPeople();
    await expectCutOff();
  });

  test("a pause does not weaken it", async () => {
    expect(await mustCon("agent", "pause", running)).toContain("is quarantined already");
    await expectCutOff();
  });

  test("resume brings all back: path, access, the task at hand and those that waited", async () => {
    await open(running);
    expect(await mustCon("agent", "resume", running)).toContain(
      `undo: con agent quarantine ${running}`,
    );
    expect(await active(`con@${running}.path`)).toBe("active");
    await answered(running, interrupted);
    await answered(running, waiting);
    const asAgent = ["con", "task", "-a", running, "hello"];
    expect((await container.exec(asAgent, { user: `a-${other}` })).code).toBe(0);
    expect(await held(running)).toMatchObject({ held: null });
    expect((await con("verify")).code).toBe(0);
  });
});

describe("halt of all agents at work", () => {
  test("stops every runner and nothing else; resume loses nothing", async () => {
    const tasks = [running, other].map(async (agent) => [agent, await busy(agent)] as const);
    const atWork = await Promise.all(tasks);
    expect(await mustCon("halt", "agents", "--why", "all stop")).toContain("undo: con resume");
    expect(await sh("systemctl list-units --state=active --plain --no-legend 'con@*'")).toBe("");
    const system = ["con-gateway.socket", "con-steward.path", "con-sweep.timer"];
    for (const unit of [...system, "con-healthcheck.timer"])
      expect([unit, await active(unit)]).toEqual([unit, "active"]);
    const late = await mustCon("task", "-a", other, "What can you do?");
    await container.must(["systemctl", "start", "con-sweep.service"]);
    expect(await active(`con@${other}.service`)).toBe("inactive");
    expect(await mustCon("agent", "resume", other)).toContain("still halted by root (all stop)");
    for (const agent of [running, other]) await open(agent);
    expect(await mustCon("resume")).toContain("agents may run again");
    for (const [agent, id] of atWork) await answered(agent, id);
    await answered(other, late);
  });

  test("halt workers leaves officers and operators alone", async () => {
    await mustCon("halt", "workers");
    expect(await active(`con@${running}.path`)).toBe("active");
    expect(await mustCon("resume")).toContain("workers may run again");
  });
});

describe("kill of a session that hangs", () => {
  test("its task is taken up again and answered once", async () => {
    const id = await busy(running);
    await sh(`kill -STOP $(systemctl show -P MainPID con@${running}.service)`);
    await open(running);
    expect(await mustCon("agent", "kill", running)).toBe(`killed the session of ${running}`);
    await answered(running, id);
    await until(`[ "$(systemctl is-active con@${running}.service)" = inactive ]`);
    expect(await mustCon("agent", "kill", running)).toBe("nothing was running");
  });
});

describe("who asks", () => {
  test("a member of trusted may; the hold names that person", async () => {
    const pause = ["con", "agent", "pause", other, "--json"];
    const paused = await container.exec(pause, { user: trusted });
    expect([paused.code, paused.stderr]).toEqual([0, ""]);
    expect(JSON.parse(paused.stdout)).toMatchObject({ status: "done", by: { name: trusted } });
    expect(await held(other)).toMatchObject({ state: "paused", held: { by: trusted } });
    await container.must(["con", "agent", "resume", other], { user: trusted });
  });

  test("agents and strangers are refused by the kernel, with 77 and a remedy", async () => {
    for (const user of [`a-${running}`, stranger]) {
      const refused = await container.exec(["con", "halt", "agents"], { user });
      expect([refused.code, refused.stdout]).toEqual([77, ""]);
      expect(refused.stderr).toContain("usermod -aG trusted");
      for (const folder of ["inbox", "outbox", "corrupt"]) {
        const looked = await container.exec(["ls", `${steward}/${folder}`], { user });
        expect(looked.code).not.toBe(0);
      }
    }
  });

  test("an agent that gets in by an ACL is refused by the steward, whatever it writes", async () => {
    const user = `a-${running}`;
    await container.must(["setfacl", "-m", `u:${user}:rwx`, `${steward}/inbox`]);
    const halt = await drop({ verb: "halt", scope: "agents" }, user);
    expect(await answerTo(halt)).toMatchObject({ status: "refused", by: { name: user } });
    const forged = await drop({ verb: "halt", scope: "agents", by: { uid: 0 } }, user);
    expect(await answerTo(forged)).toMatchObject({ status: "refused", verb: null });
    // A file of root's that an agent may rename: it is not root's word.
    const id = newId();
    const draft = `${agents}/${running}/workspace/draft`;
    await sh(
      `echo '{"version":1,"verb":"halt","scope":"agents","why":"","incident":null}' >${draft}`,
    );
    await container.must(["mv", draft, `${steward}/inbox/${id}.json`], { user });
    await until(`[ -z "$(ls ${steward}/inbox)" ]`);
    expect(await sh(`ls ${steward}/outbox`)).not.toContain(id);
    expect(await sh("ls /var/lib/con/holds")).toBe("");
    // A good request of root's beside which it may write: sticky, so it cannot take it away.
    await sh(`echo x > ${steward}/inbox/.mine`);
    const removed = await container.exec(["rm", "-f", `${steward}/inbox/.mine`], { user });
    expect(removed.code).toBe(1);
    await sh(`rm ${steward}/inbox/.mine`);
    expect(await mustCon("bootstrap")).toContain("1 change made");
  });

  test("odd entries neither block the next request nor wake the steward for ever", async () => {
    const make = [
      "mkdir $1.json",
      "mkfifo $1.json",
      "ln -s /etc/shadow $1.json",
      "head -c 70000 /dev/zero > $1.json",
      "echo { > $1.json",
      "{ chmod 000 /proc/self/fd/1; echo x; } > $1.json",
    ];
    const ids = make.map(newId);
    for (const [index, script] of make.entries())
      await container.must(
        ["/bin/sh", "-c", `cd ${steward}/inbox; ${script}`, "sh", ids[index] ?? ""],
        { user: trusted },
      );
    await sh(`echo x > ${steward}/inbox/$(printf 'n\\377\\n').json`, trusted);
    for (const id of ids) expect(await answerTo(id)).toMatchObject({ status: "refused" });
    expect(await mustCon("agent", "kill", other)).toBe("nothing was running");
    await until(`[ "$(systemctl is-active con-steward.service)" = inactive ]`);
    expect(await sh(`ls ${steward}/inbox`)).toBe("");
    expect(await active("con-steward.path")).toBe("active");
    expect(await sh(`ls ${steward}/corrupt | wc -l`)).not.toBe("0\n");
  });
});

test("a request is taken up by the sweep where the path unit got no inotify instance", async () => {
  await container.must(["systemctl", "stop", "con-steward.path", "con-sweep.timer"]);
  const asked = con("agent", "pause", other);
  await until(`ls ${steward}/inbox/*.json >/dev/null 2>&1`);
  await container.must(["systemctl", "start", "con-sweep.service"]);
  expect((await asked).code).toBe(0);
  await container.must(["systemctl", "start", "con-steward.path", "con-sweep.timer"]);
  await mustCon("agent", "resume", other);
});

test("reapply mends every kind of drift from within the hardened unit", async () => {
  await sh(`
    userdel a-${other}
    nft delete table inet con
    chmod 755 ${agents}/${other}/inbox /etc/con/credentials
    chown 1234 ${agents}/${running}/workspace
    echo changed >> /var/lib/con/compiled/agents/${running}/AGENTS.md
    rm -r /run/systemd/system/con@${other}.service.d
    systemctl stop con@${other}.path`);
  expect((await con("verify")).code).toBe(1);
  const answer = await answerTo(await drop({ verb: "reapply", facts: [] }));
  expect(answer).toMatchObject({ status: "done", error: null });
  expect(answer.changes.length).toBeGreaterThanOrEqual(7);
  expect(await con("verify")).toMatchObject({ code: 0 });
});

test("everything is in the chain of actions, intent before result, readable for trusted", async () => {
  const chain = "/srv/con/logs/audit/actions.jsonl";
  const text = await container.must(["cat", chain], { user: trusted });
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const halts = lines.filter(({ request, verb }) => (request?.verb ?? verb) === "halt");
  expect(halts.map(({ event, by }) => [event, by.name])).toEqual([
    ["begins", "root"],
    ["ended", "root"],
    ["begins", "root"],
    ["ended", "root"],
    ["refused", `a-${running}`],
  ]);
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
  expect((await container.exec(["cat", chain], { user: `a-${running}` })).code).not.toBe(0);
});
