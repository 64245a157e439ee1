/** Attempts that a review found to work once: each must fail now, and each shows that it could work. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
});
afterAll(() => own[Symbol.asyncDispose]());

const agents = "/srv/con/agents";
const node = (code: string, ...args: string[]) => ["/usr/bin/node", "-e", code, ...args];

/** The record of the task whose id begins with `name`, once it is there. */
async function recordOf(agent: string, name: string): Promise<object> {
  for (;;) {
    const found = await container.exec(["con", "show", "--json", name]);
    if (found.code === 0) {
      const { record } = JSON.parse(found.stdout) as {
        record: object | null;
      };
      if (record !== null) return record;
    }
    await sleep(100);
    expect(
      (await container.exec(["systemctl", "is-failed", `con@${agent}.service`])).code,
    ).not.toBe(0);
  }
}

test("a file of root that somebody moves into an inbox is not root's word", async () => {
  const text = "What agents are running?";
  await container.copyIn(`${agents}/concierge/workspace/mail.txt`, text);
  const moved = `${agents}/concierge/inbox/moved.task`;
  await container.must(["mv", `${agents}/concierge/workspace/mail.txt`, moved]);
  expect(await recordOf("concierge", "moved")).toMatchObject({
    trust: "unverified",
    from: { uid: 0 },
  });
  await container.copyIn(`${agents}/concierge/inbox/.made`, text);
  await container.must([
    "mv",
    `${agents}/concierge/inbox/.made`,
    `${agents}/concierge/inbox/made.task`,
  ]);
  expect(await recordOf("concierge", "made")).toMatchObject({ trust: "verified" });
});

test("inside its unit an agent can rename nothing into another's inbox", async () => {
  await container.copyIn(`${agents}/concierge/workspace/bait`, "x", 0o644, "a-concierge");
  const begun = `${agents}/concierge/workspace/begun`;
  const id = (await container.must(["con", "task", "run: touch begun; sleep 300"])).trim();
  await container.must(["/bin/sh", "-c", `until [ -e ${begun} ]; do sleep 0.1; done`]);
  const pid = await container.must([
    "systemctl",
    "show",
    "con@concierge.service",
    "-p",
    "MainPID",
    "--value",
  ]);
  const rename = `try { require("fs").renameSync(process.argv[1], process.argv[2]); console.log("moved"); }
    catch (error) { console.log(error.code); }`;
  const uid = ["setpriv", "--reuid=a-concierge", "--regid=a-concierge", "--init-groups", "--"];
  const inUnit = ["nsenter", "--target", pid.trim(), "--mount", "--", ...uid];
  const paths = [`${agents}/concierge/workspace/bait`, `${agents}/sysadmin/inbox/.bait`];
  expect(await container.must([...inUnit, ...node(rename, ...paths)])).toBe("EXDEV\n");
  // Outside the unit the same call works: it is the mounts that stand in the way.
  expect(await container.must([...uid, ...node(rename, ...paths)])).toBe("moved\n");
  await container.must(["rm", `${agents}/sysadmin/inbox/.bait`]);
  await container.must(["con", "cancel", id]);
});

test("an agent that puts a file in place of its queue stops neither sweep nor status", async () => {
  const active = `${agents}/sysadmin/queue/active`;
  const user = "a-sysadmin";
  await container.must(["rmdir", active], { user });
  await container.copyIn(active, "x", 0o600, user);
  expect((await container.exec(["con", "sweep"])).code).toBe(0);
  expect((await container.exec(["con", "status"])).code).toBe(0);
  await container.must(["rm", active], { user });
  await container.must(["ln", "-s", "active", active], { user });
  expect((await container.exec(["con", "sweep"])).code).toBe(0);
  expect((await container.exec(["con", "status"])).code).toBe(0);
  await container.must(["rm", active], { user });
  await container.must(["mkdir", "-m", "700", active], { user });
});

const flood = `const net = require("net"); const open = new Set(); let made = 0; let lost = 0;
  const next = () => { if (made === 300) return;
    made += 1; const socket = net.connect("/run/con/gateway.sock", next); open.add(socket);
    socket.write("POST /v1/chat"); socket.on("error", () => {}); socket.on("close", () => { open.delete(socket); lost += 1; }); };
  next(); setTimeout(() => { console.log(made, open.size); process.exit(); }, 5000);`;

test("a stranger cannot hold the gateway's connections", async () => {
  const flooding = container.must(node(flood), { user: "nobody" });
  const answer = await container.exec(["con", "task", "--wait=90", "What can you do?"]);
  expect(answer.code).toBe(0);
  expect(await flooding).toBe("300 0\n");
});

test("an agent without a manifest is stopped by --prune, and does not come back", async () => {
  const manifest = "name: gone\ntier: worker\ndescription: Goes\ncan: {tools: [shell]}\n";
  await container.copyIn("/etc/con/agents.d/gone.yaml", manifest);
  await container.must(["con", "bootstrap"]);
  await container.must(["con", "task", "-a", "gone", "run: sleep 60"]);
  await container.must(["systemctl", "start", "con@gone.service"]);
  await container.must(["rm", "/etc/con/agents.d/gone.yaml"]);
  await container.must(["con", "bootstrap", "--prune"]);
  const state = await container.exec(["systemctl", "is-active", "con@gone.service"]);
  expect(state.stdout.trim()).not.toMatch(/^(active|activating)$/);
});

test("a record planted under another's task id does not hide that task", async () => {
  const id = (await container.must(["con", "task", "-a", "sysadmin", "run: sleep 20"])).trim();
  await container.copyIn(`${agents}/concierge/outbox/${id}.json`, "{}", 0o640, "a-concierge");
  await container.must(["con", "cancel", id]);
  const record = await recordOf("sysadmin", `sysadmin/${id}`);
  expect(record).toMatchObject({ status: "cancelled" });
});

test("who is no longer trusted is not believed by a runner that is busy meanwhile", async () => {
  await container.must(["useradd", "--no-create-home", "--groups", "trusted", "pia"]);
  await container.must(["con", "bootstrap"]);
  await container.must(["con", "task", "-a", "sysadmin", "run: sleep 8"]);
  const pia = ["setpriv", "--reuid=pia", "--regid=pia", "--groups=trusted", "--"];
  const path = `${agents}/sysadmin/inbox`;
  const drop = (name: string) =>
    container.must([...pia, "/bin/sh", "-c", `echo hi >${path}/${name}.task`]);
  // An old session of hers keeps the group, and so the right to write.
  await container.must(["gpasswd", "--delete", "pia", "trusted"]);
  await container.must(["con", "bootstrap"]);
  await drop("late");
  expect(await recordOf("sysadmin", "late")).toMatchObject({ trust: "unverified" });
});
