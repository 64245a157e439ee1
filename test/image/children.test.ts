/**
 * Temporary agents on a real machine, driven by records that root writes, without the steward: what there is of one,
 * what it cannot reach, what becomes of it when its parent loses something, and that nothing is left of it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Spawn } from "../../src/host/children/types.ts";
import { child, order, place, spawn } from "../host/children/records.ts";
import { putProgram } from "./support/bundle.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let driver: readonly [string, string];

const out = "/srv/con/artifacts/t-out";
const [ann, bob, cyd] = ["spawn-aaaaaaaa", "spawn-bbbbbbbb", "spawn-cccccccc"] as const;
const uids = { [ann]: 60_601, [bob]: 60_602, [cyd]: 60_603 } as const;
type Name = keyof typeof uids;

const boss = (write: string): string =>
  [
    "name: t-boss",
    "tier: worker",
    "description: of a test",
    "can:",
    `  write: [${write}]`,
    "  network: ['192.0.2.7:443']",
    "  tools: [shell]",
    "  spawn: {roles: [t-role], depth: 2, live: 9}",
    "",
  ].join("\n");

const role =
  "description: of a test\ncan: {read: ['*'], write: ['*'], network: ['*'], tools: ['*'], spawn: {roles: [t-role]}}\n";

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  for (const unit of acting) await still(unit);
  await container.must(["mkdir", "-p", "/etc/con/roles/t-role"]);
  await container.copyIn("/etc/con/roles/t-role/role.yaml", role);
  await container.copyIn("/etc/con/agents.d/t-boss.yaml", boss(out));
  await container.must(["con", "bootstrap"]);
  driver = await putProgram(container, "children-driver");
});
afterAll(() => own[Symbol.asyncDispose]());

/** They would act on the records by themselves. A service that runs is not started. */
const acting = ["con-steward.service", "con-healthcheck.service", "con-sweep.service"];

async function still(unit: string): Promise<void> {
  const place = `/run/systemd/system/${unit}.d`;
  await container.must(["mkdir", "-p", place]);
  const lines = [
    "[Service]",
    "ExecStart=",
    "ExecStart=/usr/bin/sleep infinity",
    "TimeoutStartSec=infinity",
    "",
  ];
  await container.copyIn(`${place}/test.conf`, lines.join("\n"));
  await container.must(["systemctl", "daemon-reload"]);
  await container.must(["systemctl", "restart", "--no-block", unit]);
}

/** The real one, once. */
async function sweep(): Promise<void> {
  await container.must(["rm", "/run/systemd/system/con-sweep.service.d/test.conf"]);
  await container.must(["systemctl", "daemon-reload"]);
  await container.must(["systemctl", "stop", "con-sweep.service"]);
  await container.must(["systemctl", "start", "con-sweep.service"]);
  await still("con-sweep.service");
}

const sh = (script: string): Promise<string> => container.must(["/bin/sh", "-c", script]);
const records = "/var/lib/con/children";

const uidOf = async (user: string): Promise<number> =>
  Number((await container.must(["id", "-u", user])).trim());

interface Done {
  readonly failures: readonly { readonly what: string; readonly why: string }[];
  readonly seconds: number;
}

const drive = async (...argv: string[]): Promise<Done> =>
  JSON.parse(await container.must([...driver, ...argv])) as Done;

async function record(of: Partial<Spawn>): Promise<void> {
  const value = spawn({ by: await uidOf("a-t-boss"), parent: "t-boss", ...of });
  await container.copyIn(`${records}/${value.id}.json`, JSON.stringify(value), 0o600);
}

const placeOf = (name: Name) =>
  place({ order: order({ role: "t-role" }), child: child(name, uids[name], { started: false }) });

/** Two of the boss, and one of the first of them. */
async function spawnThree(): Promise<void> {
  await record({ id: "20270131T090000Z-aaaaaaaa", places: [placeOf(ann), placeOf(bob)] });
  const below = { id: "20270131T090100Z-bbbbbbbb", parent: ann, by: uids[ann], depth: 2 };
  await record({ ...below, places: [placeOf(cyd)] });
  expect((await drive("spawn", ann, bob, cyd)).failures).toEqual([]);
}

const leaving = (...names: Name[]): string =>
  JSON.stringify(
    names.map((name) => ({ name, uid: uids[name], parent: name === cyd ? ann : "t-boss" })),
  );

async function removeThree(): Promise<void> {
  expect((await drive("remove", leaving(cyd, ann, bob))).failures).toEqual([]);
  await sh(`rm -f ${records}/*`);
}

/** Users, groups, units, access lists, packet rules, and every file that con has a hand in. */
const machine = (): Promise<string> =>
  sh(`
    getent passwd; getent group; getent shadow | cut -d: -f1; getent gshadow
    systemctl list-units --all --plain --no-legend 'con*' | awk '!/^con@[a-z-]*[.]service/ {print $1, $3}' | sort
    nft --stateless list table inet con
    getfacl -Rpn /srv/con/artifacts /srv/con/logs /srv/con/steward /srv/con/agents/*/inbox
    find /srv/con /var/lib/con /run/con /etc/con /etc/systemd /etc/sysusers.d /run/systemd/system /dev/shm \
      -not -path '*/logs/*' -printf '%p %u:%g %m %y\n' | sort
    sha256sum /etc/sysusers.d/con.conf /var/lib/con/*.json /var/lib/con/compiled/*.json \
      /var/lib/con/compiled/agents/*.json`);

const lines = (text: string): string[] => text.split("\n");

const acl = async (path: string): Promise<string> =>
  container.must(["getfacl", "-pn", "--access", path]);

const code = async (user: string, ...argv: string[]): Promise<number> =>
  (await container.exec(argv, { user: `a-${user}` })).code;

const marks = async (): Promise<string[]> => lines((await sh("ls /run/con/ended")).trim());

const pathsOf = (name: string): Promise<string> =>
  sh(
    `find /srv/con /var/lib/con /run /etc -name '*${name}*' -not -path '/run/systemd/*/units*' || :`,
  );

describe("temporary agents that are there", () => {
  beforeAll(spawnThree);
  afterAll(removeThree);

  test("are users, access, rules, units and callers like any agent", async () => {
    expect(await container.must(["id", `a-${ann}`])).toContain(`uid=${uids[ann]}`);
    expect(await container.must(["id", "-nG", `a-${cyd}`])).toContain("agents");
    const access = await acl(out);
    for (const uid of Object.values(uids)) expect(access).toContain(`user:${uid}:rwx`);
    const rules = await container.must(["nft", "list", "table", "inet", "con"]);
    expect(rules).toContain(`meta skuid ${uids[cyd]} ip daddr 192.0.2.7 tcp dport 443 accept`);
    const bell = await container.exec(["systemctl", "is-active", `con-bell@${ann}.socket`]);
    expect(bell.stdout.trim()).toBe("active");
    const gateway = await container.must(["cat", "/var/lib/con/compiled/gateway.json"]);
    const { callers } = JSON.parse(gateway) as { callers: { name: string; payers?: unknown[] }[] };
    expect(callers.find(({ name }) => name === cyd)?.payers).toHaveLength(2);
  });

  test("are what con verify wants, and people see whose they are", async () => {
    const verify = await container.exec(["con", "verify"]);
    expect(verify).toMatchObject({ code: 0, stdout: "no drift\n" });
    const list = await container.must(["con", "agent", "list", "--json"]);
    const { agents } = JSON.parse(list) as { agents: { name: string; parent: string | null }[] };
    const parents = Object.fromEntries(agents.map(({ name, parent }) => [name, parent]));
    expect(parents).toMatchObject({ [ann]: "t-boss", [bob]: "t-boss", [cyd]: ann, "t-boss": null });
    expect(await container.must(["con", "status"])).toContain(`${cyd} (of ${ann})`);
  });

  test("reach neither parent nor siblings nor records, and may write what was granted", async () => {
    for (const [user, path] of [
      [ann, `/srv/con/agents/${bob}/inbox/x.task`],
      [ann, "/srv/con/agents/t-boss/inbox/x.task"],
      [ann, "/srv/con/agents/concierge/inbox/x.task"],
      [cyd, `/srv/con/agents/${ann}/inbox/x.task`],
      ["t-boss", `/srv/con/agents/${ann}/inbox/x.task`],
      [ann, `/run/con/ended/${bob}`],
    ] as const)
      expect(await code(user, "touch", path), path).not.toBe(0);
    for (const path of [
      `/srv/con/agents/${bob}/outbox`,
      `/srv/con/agents/${bob}/workspace`,
      records,
      "/var/lib/con/reach",
    ])
      expect(await code(ann, "ls", path), path).not.toBe(0);
    for (const path of ["accepted.json", "compiled/gateway.json", `compiled/agents/${bob}.json`])
      expect(await code(ann, "cat", `/var/lib/con/${path}`), path).not.toBe(0);
    expect(await code("t-boss", "ls", `/srv/con/agents/${ann}/outbox`)).not.toBe(0);
    expect(await code(ann, "touch", `${out}/of-ann`)).toBe(0);
    expect(await code(ann, "touch", `/srv/con/agents/${ann}/workspace/x`)).toBe(0);
    expect(await code(ann, "cat", `/var/lib/con/compiled/agents/${ann}.json`)).toBe(0);
  });

  test("leave a mark when their unit stops, and cannot keep it from being left", async () => {
    await container.must(["systemctl", "start", "--wait", `con@${bob}.service`]);
    const mark = await container.must(["stat", "-c", "%U %a", `/run/con/ended/${bob}`]);
    expect(mark.trim()).toBe("root 600");
    await sh("rm /run/con/ended/*");
  });

  test("are marked by the sweep when their time is over, they have nothing to do, or nobody waits", async () => {
    const id = "20270131T090000Z-aaaaaaaa";
    const task = "20270131T085900Z-bbbbbbbb";
    // Held until then: nothing for its own runner to do.
    const waiting = `/srv/con/agents/t-boss/queue/held/${task}.task`;
    await sh(`touch -d 2099-01-01 ${waiting}`);
    const places = [placeOf(ann), placeOf(bob)];
    // Something waits in its folder, and the sweep has nothing to start for it.
    await sh(`touch /srv/con/agents/${ann}/queue/held/x.json`);
    const later = { id, task, places, deadline: "2999-01-01T00:00:00.000Z" };
    await record(later);
    await sweep();
    expect(await marks()).toContain(bob);
    expect(await marks()).not.toContain(ann);
    await record({ ...later, deadline: "2020-01-01T00:00:00.000Z" });
    await sweep();
    expect(await marks()).toContain(ann);
    await sh(`rm /run/con/ended/* ${waiting}`);
    await record(later);
    await sweep();
    expect(await marks()).toContain(ann);
    await sh(`rm /run/con/ended/* /srv/con/agents/${ann}/queue/held/x.json`);
  });

  test("lose what their parent loses with the next bootstrap, and get it back with it", async () => {
    await container.copyIn("/etc/con/agents.d/t-boss.yaml", boss(`${out}/inner`));
    await container.must(["con", "bootstrap"]);
    for (const uid of [uids[ann], uids[cyd]]) {
      expect(await acl(out)).toContain(`user:${uid}:--x`);
      expect(await acl(`${out}/inner`)).toContain(`user:${uid}:rwx`);
    }
    expect(await code(ann, "touch", `${out}/again`)).not.toBe(0);
    await container.copyIn("/etc/con/agents.d/t-boss.yaml", boss(out));
    await container.must(["con", "bootstrap"]);
    expect(await code(cyd, "touch", `${out}/again`)).toBe(0);
  });
});

describe("when they go", () => {
  let before = "";
  beforeAll(async () => {
    await container.copyIn("/etc/con/agents.d/t-boss.yaml", boss(out));
    await sh(`rm -rf ${out}; rm -f /run/con/ended/*`);
    await container.must(["con", "bootstrap"]);
    // It ends by itself a minute after its last caller: not between two looks.
    await container.must(["systemctl", "stop", "con-gateway.service"]);
    // Once, so that what is made only at the first time is there.
    await spawnThree();
    await removeThree();
    before = await machine();
  });

  test("nothing of them is left", async () => {
    await spawnThree();
    await removeThree();
    expect(lines(await machine())).toEqual(lines(before));
  });

  test("files in granted folders go to the parent, whatever else they left behind", async () => {
    await spawnThree();
    const hostile = `
      cd /srv/con/agents/${ann}/workspace
      ln -s /etc/passwd ${out}/link; mkdir ${out}/folder; echo x >${out}/folder/file
      mkfifo ${out}/pipe; ln ${out}/folder/file ${out}/twin; chmod 0 ${out}/folder/file
      n=$(printf 'd%.0s' $(seq 200)); i=0
      while [ $i -lt 40 ]; do mkdir $n && cd -P $n || exit 3; i=$((i+1)); done
      setsid sleep 1000 >/dev/null 2>&1 </dev/null &`;
    await container.must(["/bin/sh", "-c", hostile], { user: `a-${ann}` });
    await container.must(["touch", `${out}/of-cyd`], { user: `a-${cyd}` });
    const passwd = await sh("stat -c '%u %g %a' /etc/passwd");
    await removeThree();
    const owners = await sh(`find ${out} -mindepth 1 -printf '%P %u\\n' | sort`);
    expect(lines(owners.trim())).toEqual([
      "folder a-t-boss",
      "folder/file a-t-boss",
      "link a-t-boss",
      "of-cyd a-t-boss",
      "pipe a-t-boss",
      "twin a-t-boss",
    ]);
    expect(await sh("stat -c '%u %g %a' /etc/passwd")).toBe(passwd);
    expect((await container.exec(["pgrep", "-u", String(uids[ann])])).code).toBe(1);
    expect(await sh("find / -xdev -uid +60599 -uid -61100 2>/dev/null | grep -v ^/proc || :")).toBe(
      "",
    );
    await sh(`find ${out} -mindepth 1 -delete`);
    expect(lines(await machine())).toEqual(lines(before));
  });

  test("a grant that they lost before does not keep their files from the parent", async () => {
    await spawnThree();
    await container.must(["touch", `${out}/early`], { user: `a-${ann}` });
    await container.copyIn("/etc/con/agents.d/t-boss.yaml", boss("/srv/con/artifacts/t-other"));
    await container.must(["con", "bootstrap"]);
    await removeThree();
    expect((await sh(`stat -c %U ${out}/early`)).trim()).toBe("a-t-boss");
    await container.copyIn("/etc/con/agents.d/t-boss.yaml", boss(out));
    await sh(`rm ${out}/early; rmdir /srv/con/artifacts/t-other`);
    await container.must(["con", "bootstrap"]);
    expect(lines(await machine())).toEqual(lines(before));
  });

  test("it may be done again, and from anywhere in the middle", async () => {
    await spawnThree();
    await sh(`mv /srv/con/agents/${ann} /srv/con/archive/.${ann}; userdel a-${bob}`);
    await sh(
      `rm -r /run/systemd/system/con@${cyd}.service.d; systemctl stop con-bell@${cyd}.socket`,
    );
    await removeThree();
    expect((await drive("remove", leaving(cyd, ann, bob))).failures).toEqual([]);
    expect(lines(await machine())).toEqual(lines(before));
  });

  test("a bootstrap between two tries makes nothing lasting", async () => {
    await spawnThree();
    expect((await drive("remove", leaving(cyd, ann, bob))).failures).toEqual([]);
    // The records still name them, as after a steward that was killed here.
    await container.must(["con", "bootstrap"]);
    await removeThree();
    expect(lines(await machine())).toEqual(lines(before));
  });
});

describe("a record", () => {
  beforeEach(() => sh(`rm -f ${records}/*`));

  test("makes nothing of an edit that nobody has bootstrapped", async () => {
    await container.copyIn(
      "/etc/con/agents.d/t-edit.yaml",
      "name: t-edit\ntier: worker\ndescription: d\n",
    );
    await spawnThree();
    expect((await container.exec(["id", "a-t-edit"])).code).not.toBe(0);
    await container.must(["rm", "/etc/con/agents.d/t-edit.yaml"]);
    await removeThree();
  });

  test("of somebody who may not spawn makes nobody, and says so", async () => {
    await record({ parent: "concierge", by: await uidOf("a-concierge"), places: [placeOf(ann)] });
    const { failures } = await drive("spawn", ann);
    expect(failures).toMatchObject([{ agent: ann }]);
    expect((await container.exec(["id", `a-${ann}`])).code).not.toBe(0);
    expect(await pathsOf(ann)).toBe("");
  });

  test("whose parent is gone is closed by the next bootstrap, and then taken away", async () => {
    await spawnThree();
    await container.must(["rm", "/etc/con/agents.d/t-boss.yaml"]);
    await container.must(["con", "bootstrap", "--prune"]);
    const units = await container.must([
      ...["systemctl", "list-units", "--state=active", "--plain", "--no-legend", `con*${ann}*`],
    ]);
    expect(units).toBe("");
    expect(await acl(out)).not.toContain(`user:${uids[ann]}`);
    expect((await sh(`stat -c %a /srv/con/agents/${ann}`)).trim()).toBe("700");
    await removeThree();
    expect(await pathsOf(ann)).toBe("");
    await container.copyIn("/etc/con/agents.d/t-boss.yaml", boss(out));
    await container.must(["con", "bootstrap"]);
  });

  test("that is damaged is told by bootstrap and stands in nobody's way", async () => {
    await container.copyIn(`${records}/bad.json`, "{", 0o600);
    const report = await container.exec(["con", "bootstrap", "--json"]);
    expect(report.code).toBe(0);
    expect(report.stdout).toContain(`${records}/bad.json`);
    await sh(`rm ${records}/bad.json`);
  });
});
