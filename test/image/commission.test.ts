/**
 * From a sentence to an agent that answers, and back to nothing but its archive; what is asked wrongly changes
 * nothing; the steward killed in the middle leaves all or nothing.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { newId, putRequest } from "./support/request.ts";

let own: Reserved;
let container: Container;
const steward = "/srv/con/steward";
const stranger = "con-sam";
const trusted = "con-trent";

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await addPeople();
});
afterAll(() => own[Symbol.asyncDispose]());

/** The container's user database is made anew at each boot; who is verified is compiled at bootstrap. */
async function addPeople(): Promise<void> {
  await container.must(["useradd", "-M", "-u", "5001", stranger]);
  await container.must(["useradd", "-M", "-u", "5002", "-G", "trusted", trusted]);
  await container.must(["con", "bootstrap"]);
}

const con = (...argv: string[]) => container.exec(["con", ...argv]);

const sh = (script: string, user?: string): Promise<string> =>
  container.must(["/bin/sh", "-c", script], user === undefined ? {} : { user });

/** Waits, inside the container, until `condition` holds. */
const until = (condition: string): Promise<string> =>
  sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 900 ] || exit 9; sleep 0.1; done`);

const task = async (agent: string, text: string, user?: string): Promise<string> =>
  container.must(
    ["con", "task", "-a", agent, "--wait=60", text],
    user === undefined ? {} : { user },
  );

/** Nothing runs but what always does. */
const quiet = (): Promise<string> =>
  until(
    "! systemctl list-units --plain --no-legend --state=active,activating,deactivating 'con@*.service' con-steward.service con-sweep.service con-healthcheck.service | grep -q .",
  );

/** Users, groups, units and what they are made of, access lists, packet rules, configuration. */
async function machine(): Promise<string> {
  await quiet();
  return sh(`
    getent passwd; getent group; getent shadow | cut -d: -f1; getent gshadow
    systemctl list-units --all --plain --no-legend 'con*' | awk '!/[.]service/ {print $1, $3}'
    find /run/systemd/system -path '*con*' | sort
    find /etc/con /etc/sysusers.d /var/lib/con/compiled /var/lib/con/holds /var/lib/con/steward \\
      /run/con/bell /srv/con/agents -maxdepth 3 -not -path '*/workspace/*' -not -path '*/state/*' \\
      -not -path '*/outbox/*' -not -path '*/processed/*' -not -path '*/queue/*' | sort
    cat /etc/sysusers.d/con.conf /var/lib/con/compiled/*.json
    getfacl --numeric --absolute-names /srv/con /srv/con/agents /srv/con/agents/*/inbox \\
      /srv/con/artifacts /srv/con/logs /srv/con/steward/inbox
    nft --stateless list ruleset`);
}

const verified = async (): Promise<void> => {
  expect(await con("verify")).toMatchObject({ code: 0, stdout: "no drift\n" });
};

describe("an agent from a sentence", () => {
  let before = "";

  beforeAll(async () => {
    before = await machine();
  });

  test("it exists when the answer is there, and works", async () => {
    const text = "Commission an agent called scribe that may write to artifacts";
    expect(await task("sysadmin", text, trusted)).toContain("takes tasks now");
    const written = await task("scribe", 'write "hello" to /srv/con/artifacts/hello.txt');
    expect(written).toContain("created /srv/con/artifacts/hello.txt");
    expect(await sh("stat -c %U /srv/con/artifacts/hello.txt")).toBe("a-scribe\n");
    expect(await task("scribe", "run: id")).toContain("no tool shell");
    await verified();
    // No contract finds a hole in its unit: it would be quarantined.
    expect((await con("healthcheck", "--all")).stdout).not.toContain("CON-AGENT");
  });

  test("whoever commissioned it may task it, others may not", async () => {
    expect(await task("sysadmin", "tell scribe to read the file x")).toContain("Sent to scribe");
    const refused = await container.exec(["con", "task", "-a", "scribe", "hello"], {
      user: "a-strategist",
    });
    expect([refused.code, refused.stderr]).toEqual([77, expect.stringContaining("may not")]);
    expect(await task("concierge", "tell scribe to read the file x")).toContain(
      "denied (not_granted)",
    );
  });

  test("the agent's own access ends at the inbox of the steward: no answers, no other's request", async () => {
    const asAgent = { user: "a-sysadmin" };
    for (const argv of [
      ["ls", `${steward}/outbox`],
      ["ls", `${steward}/corrupt`],
      ["cat", "/var/lib/con/snapshot.json"],
      ["touch", "/var/lib/con/commissions/x.json"],
      ["touch", "/etc/con/agents.d/x.yaml"],
    ])
      expect((await container.exec(argv, asAgent)).code, argv.join(" ")).not.toBe(0);
    expect((await container.exec(["ls", `${steward}/inbox`], asAgent)).code).toBe(0);
    expect((await container.exec(["ls", `${steward}/inbox`], { user: "a-scribe" })).code).not.toBe(
      0,
    );
  });

  test("it is there again after a reboot, with its work", async () => {
    expect((await container.script("stop")).code).toBe(0);
    expect((await container.script("run")).code).toBe(0);
    await addPeople();
    await verified();
    expect(await task("scribe", "read the file /srv/con/artifacts/hello.txt")).toContain("hello");
    expect(await task("sysadmin", "tell scribe to read the file x")).toContain("Sent to scribe");
  });

  test("removed, it leaves its archive and nothing else", async () => {
    await quiet();
    const removed = await con("agent", "remove", "scribe", "--json");
    const { changes } = JSON.parse(removed.stdout) as { readonly changes: readonly string[] };
    const archive = changes.join("\n").match(/\/srv\/con\/archive\/\S+/)?.[0] ?? "none";
    expect(await sh(`cat ${archive}/scribe.yaml`)).toContain('name: "scribe"');
    expect(await sh(`find ${archive}/agent/outbox -name '*.response' | wc -l`)).not.toBe("0\n");
    expect(await sh("stat -c '%a %U' /srv/con/archive")).toBe("700 root\n");
    // A boot makes the user database anew, and with it the order of its lines.
    const sorted = (text: string): string[] => text.split("\n").sort();
    expect(sorted(await machine())).toEqual(sorted(before));
    await verified();
    const { uids } = JSON.parse(await sh("cat /var/lib/con/uids.json")) as {
      readonly uids: Readonly<Record<string, number>>;
    };
    const uid = uids["scribe"] ?? 0;
    expect(uid).toBeGreaterThanOrEqual(20_000);
    // What it wrote for others stays theirs to read; its own right to it is gone.
    expect(await sh(`find /srv/con/artifacts -user ${uid}`)).toBe("/srv/con/artifacts/hello.txt\n");
    const shared = "/srv/con/artifacts /srv/con/logs /srv/con/steward /srv/con/agents";
    const lists = await sh(`getfacl --recursive --numeric --absolute-names ${shared}`);
    expect(lists).not.toContain(`user:${uid}:`);
    expect(lists).toContain(`user:${uids["sysadmin"]}:`);
  });

  test("the next one gets another uid, and the retired name is for people only", async () => {
    const again = await task(
      "sysadmin",
      "Commission an agent called scribe that may write to artifacts",
    );
    expect(again).toContain("there was one of that name");
    expect(await task("sysadmin", "Commission an agent called clerk")).toContain("takes tasks now");
    const text = await sh("cat /var/lib/con/uids.json");
    const uids = (JSON.parse(text) as { uids: Record<string, number> }).uids;
    expect(new Set(Object.values(uids)).size).toBe(Object.values(uids).length);
    expect(await task("sysadmin", "retire agent clerk")).toContain("is retired");
  });
});

const put = (id: string, text: string, user?: string) => putRequest(container, id, text, user);

interface Answer {
  readonly status: string;
  readonly error: string | null;
}

async function answerTo(id: string): Promise<Answer> {
  await until(`[ -e ${steward}/outbox/${id}.json ]`);
  return JSON.parse(await sh(`cat ${steward}/outbox/${id}.json`)) as Answer;
}

const request = (rest: object): string =>
  JSON.stringify({ version: 1, why: "", incident: null, ...rest });
const manifest = (name: string, more = ""): string =>
  `name: ${JSON.stringify(name)}\ndescription: x\ntier: worker\n${more}`;

describe("refused, with a reason, and nothing changed", () => {
  let before = "";

  beforeAll(async () => {
    before = await machine();
  });

  const commission = (name: string, more = ""): string =>
    request({ verb: "commission", manifest: manifest(name, more) });

  test.each([
    ["x;id", "root", commission("x;id"), "is no name of an agent"],
    ["../x", "root", commission("../x"), "is no name of an agent"],
    ["a manifest of 10 MB", "root", commission("big", "#".repeat(10 << 20)), "is larger than"],
    ["more than a text may hold", "root", commission("big", "#".repeat(70_000)), "must be a text"],
    ["an unknown verb", "root", request({ verb: "promote" }), "no such verb"],
    ["no agent's right", "a-concierge", "-", "-"],
    [
      "of an agent without the right",
      "a-sysadmin",
      request({ verb: "halt", scope: "agents" }),
      "may.request",
    ],
    [
      "another's agent",
      "a-sysadmin",
      request({ verb: "retire", agent: "concierge" }),
      "did not commission",
    ],
    [
      "for itself",
      "a-sysadmin",
      request({ verb: "amend", agent: "sysadmin", manifest: manifest("sysadmin") }),
      "did not commission",
    ],
    ["the front desk", "root", request({ verb: "retire", agent: "concierge" }), "front desk"],
    [
      "a package off the list",
      "root",
      request({ verb: "install", packages: ["netcat-openbsd"] }),
      "packages.allow",
    ],
  ])("%s", async (_, user, text, why) => {
    if (user === "a-concierge") {
      // It has no entry in the access list at all.
      const tried = await container.exec(["touch", `${steward}/inbox/${newId()}.json`], { user });
      expect([tried.code, tried.stderr]).toEqual([1, expect.stringContaining("denied")]);
      return;
    }
    const id = newId();
    await put(id, text, user === "root" ? undefined : user);
    expect(await answerTo(id)).toMatchObject({
      status: "refused",
      error: expect.stringContaining(why),
    });
  });

  test("a symbolic link in place of a request", async () => {
    const id = newId();
    await container.copyIn("/tmp/linked.json", commission("linked"));
    await sh(`ln -s /tmp/linked.json ${steward}/inbox/${id}.json`, trusted);
    expect(await answerTo(id)).toMatchObject({
      status: "refused",
      error: expect.stringContaining("no plain file"),
    });
  });

  test("a grant that the asker may not give waits for a person, and denied it is told", async () => {
    const id = newId();
    const more = "can: {network: ['example.org:443'], tools: [shell]}\n";
    await put(id, commission("netty", more), "a-sysadmin");
    await until(`con approvals --json | grep -q ${id}`);
    expect(await sh("ls /etc/con/agents.d")).not.toContain("netty");
    expect((await con("approvals", "deny", id, "--why", "no need")).code).toBe(0);
    expect(await answerTo(id)).toMatchObject({
      status: "refused",
      error: expect.stringContaining("no need"),
    });
  });

  test("con agent add says file, line and key", async () => {
    await container.copyIn("/tmp/bad.yaml", manifest("bad", "can: {write: [/etc]}\n"));
    const added = await con("agent", "add", "/tmp/bad.yaml");
    expect([added.code, added.stderr]).toEqual([1, expect.stringContaining("bad.yaml:4:")]);
    const stranged = await container.exec(["con", "agent", "add", "/tmp/bad.yaml"], {
      user: stranger,
    });
    expect(stranged.code).toBe(77);
  });

  test("nothing changed", async () => {
    expect((await machine()).split("\n")).toEqual(before.split("\n"));
    await verified();
  });
});

test("con agent add and remove", async () => {
  await container.copyIn("/tmp/good.yaml", manifest("good", "can: {tools: [read_file]}\n"));
  await container.copyIn("/tmp/good.md", "# You are good\n");
  const added = await container.exec(
    ["con", "agent", "add", "/tmp/good.yaml", "--instructions", "/tmp/good.md"],
    { user: trusted },
  );
  expect([added.code, added.stdout]).toEqual([
    0,
    expect.stringContaining("undo: con agent remove good"),
  ]);
  expect(await sh("cat /var/lib/con/compiled/agents/good/AGENTS.md")).toContain("# You are good");
  expect(await task("good", "help")).toContain("I can:");
  expect((await con("agent", "remove", "good")).code).toBe(0);
});

describe("kill -9 of the steward", () => {
  /** Dies as soon as `place` is there; PID 1 starts it again. */
  const killers: readonly (readonly [string, string])[] = [
    ["when the note is written", "/var/lib/con/steward/commissioning/NAME.json"],
    ["when the record is written", "/var/lib/con/commissions/NAME.json"],
    ["when the manifest is written", "/etc/con/agents.d/NAME.yaml"],
    ["when the user is made", "/srv/con/agents/NAME"],
    ["when the directories are made", "/srv/con/agents/NAME/inbox"],
    ["when it is compiled", "/var/lib/con/compiled/agents/NAME.json"],
    ["when units are made", "/run/systemd/system/con@NAME.service.d/10-tier.conf"],
  ];

  test.each(killers)("%s: in the end all of it", async (_, place) => {
    const name = `k${randomUUID().slice(0, 8)}`;
    const path = place.replace("NAME", name);
    const id = newId();
    const watch = sh(
      `timeout 30 sh -c 'until [ -e "$0" ]; do :; done' '${path}'
       systemctl kill --signal=SIGKILL con-steward.service`,
    );
    await put(id, request({ verb: "commission", manifest: manifest(name) }));
    await watch;
    expect(await answerTo(id)).toMatchObject({ status: "done" });
    await verified();
    expect(await task(name, "help")).toContain("I can:");
    expect((await con("agent", "remove", name)).code).toBe(0);
    await verified();
  });

  test.each(killers)("%s, and the request is withdrawn: in the end nothing", async (_, place) => {
    const name = `w${randomUUID().slice(0, 8)}`;
    const path = place.replace("NAME", name);
    const id = newId();
    const before = await machine();
    const watch = sh(
      `timeout 30 sh -c 'until [ -e "$0" ]; do :; done' '${path}'
       systemctl kill --signal=SIGKILL con-steward.service; rm -f ${steward}/inbox/${id}.json`,
    );
    await put(id, request({ verb: "commission", manifest: manifest(name) }));
    await watch;
    await until('[ -z "$(ls /var/lib/con/steward/commissioning)" ]');
    await quiet();
    // It may have been faster: then it was done, and answered.
    const isDone = (await sh(`ls ${steward}/outbox`)).includes(id);
    if (isDone) expect((await con("agent", "remove", name)).code).toBe(0);
    expect((await machine()).split("\n")).toEqual(before.split("\n"));
    await verified();
  });
});
