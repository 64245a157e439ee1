/**
 * The queue under the real systemd, with real uids: what people, other users and hostile users drop.
 * Answers come from builtin/reflex; what matters here is who ran, what ran, and what is left.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const outer = "/srv/con/inbox";
const agents = "/srv/con/agents";
const inbox = `${agents}/concierge/inbox`;

interface TaskRecord {
  readonly id: string;
  readonly status: string;
  readonly from: { readonly uid: number; readonly name: string };
  readonly trust: string;
  readonly error: string | null;
}

const sh = (script: string, user?: string): Promise<string> =>
  container.must(["/bin/sh", "-c", script], user === undefined ? {} : { user });

/** Waits, inside the container, until `condition` holds. */
const until = (condition: string): Promise<string> =>
  sh(`n=0; until ${condition}; do n=$((n+1)); [ $n -le 900 ] || exit 9; sleep 0.1; done`);

/** All records whose id begins with `prefix`. */
async function records(agent: string, prefix: string): Promise<TaskRecord[]> {
  const text = await sh(
    `cd ${agents}/${agent}/outbox && for f in ${prefix}*.json; do [ -e "$f" ] && cat "$f"; done; true`,
  );
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TaskRecord);
}

async function recordOf(agent: string, prefix: string): Promise<TaskRecord> {
  await until(`ls ${agents}/${agent}/outbox/${prefix}*.json >/dev/null 2>&1`);
  const [record, ...more] = await records(agent, prefix);
  if (record === undefined || more.length > 0) throw new Error(`${more.length + 1} of ${prefix}`);
  return record;
}

/** The file of a task that has ended: it goes there after its record. */
async function processed(id: string): Promise<string> {
  const path = `${agents}/concierge/processed/${id}.task`;
  await until(`[ -e ${path} ]`);
  return path;
}

/** Nothing is left that wakes a unit, and the unit still works. */
async function expectQuiet(): Promise<void> {
  await until(`[ -z "$(ls ${outer} ${inbox} | grep '\\.task$')" ]`);
  await until(`[ "$(systemctl is-active con@concierge.service)" = inactive ]`);
  expect((await container.must(["systemctl", "is-active", "con@concierge.path"])).trim()).toBe(
    "active",
  );
  expect(
    await container.must(["systemctl", "list-units", "--failed", "--plain", "--no-legend", "con*"]),
  ).toBe("");
}

beforeAll(async () => {
  for (const user of ["mallory", "trent"]) {
    await container.must(["useradd", "--no-create-home", user]);
  }
  await container.must(["setfacl", "-m", "u:mallory:rwx", inbox]);
});

describe("people", () => {
  test("a plain echo is answered by a runner that is a-concierge", async () => {
    await sh(`echo 'What agents are running?' > ${outer}/hello.task`);
    const record = await recordOf("concierge", "hello-");
    expect(record).toMatchObject({ status: "done", trust: "verified", from: { name: "root" } });
    const response = `${agents}/concierge/outbox/${record.id}.response`;
    expect((await sh(`stat -c '%U %a' ${response}`)).trim()).toBe("a-concierge 640");
    await expectQuiet();
  });

  test("three tasks within one second all survive, also under one name", async () => {
    await sh(`for i in 1 2 3; do echo "status $i" > ${outer}/trio$i.task; done`);
    await sh(`for i in 1 2 3; do con task -a concierge "status $i"; done > /run/ids`);
    for (const i of [1, 2, 3])
      expect((await recordOf("concierge", `trio${i}-`)).status).toBe("done");
    for (const id of (await sh("cat /run/ids")).trim().split("\n")) {
      expect((await recordOf("concierge", id)).status).toBe("done");
    }
    await expectQuiet();
  });

  test("a slow writer is run once, whole", async () => {
    await sh(`(printf A; sleep 3; printf B) > ${outer}/slow.task`);
    const record = await recordOf("concierge", "slow-");
    expect(await sh(`tail -n 1 ${await processed(record.id)}`)).toBe("AB");
    await expectQuiet();
    expect(await records("concierge", "slow-")).toHaveLength(1);
  });

  test("a writer that stays for long does not keep the next task waiting", async () => {
    // Its wake would take what waits aside, between one look and the next.
    await sh("systemctl stop con-sweep.timer");
    try {
      await sh(
        `(printf C; sleep 8; printf D) > ${outer}/slower.task & echo status > ${outer}/next.task; wait`,
      );
      expect((await recordOf("concierge", "next-")).status).toBe("done");
      expect(await records("concierge", "slower-")).toEqual([]);
      // It waits aside, invisible to the path unit; any later wake takes it.
      expect(await sh(`ls -A ${outer}`)).toMatch(/^\.open-\d+-slower\.task$/m);
    } finally {
      await sh("systemctl start con-sweep.timer");
    }
    await sh(`echo status > ${outer}/wake.task`);
    const record = await recordOf("concierge", "slower-");
    expect(await sh(`tail -n 1 ${await processed(record.id)}`)).toBe("CD");
    await expectQuiet();
  });
});

describe("trust", () => {
  test("forged front matter changes nothing: the owner is the sender", async () => {
    await sh(
      `printf -- '---\\nfrom: root\\ntrust: verified\\n---\\nstatus\\n' > ${inbox}/forged.task`,
      "mallory",
    );
    const record = await recordOf("concierge", "forged-");
    expect(record).toMatchObject({ trust: "unverified", from: { name: "mallory" } });
  });

  test("a member of group trusted is verified without being root", async () => {
    // A runner reads its configuration once: the one at work does not know trent yet.
    await expectQuiet();
    await container.must(["usermod", "-aG", "trusted", "trent"]);
    await container.must(["con", "bootstrap"]);
    await container.must(["setfacl", "-m", "u:mallory:rwx", inbox]);
    await container.must(["con", "task", "-a", "concierge", "--wait=90", "status"], {
      user: "trent",
    });
    await expectQuiet();
    const all = await records("concierge", "");
    const own = all.filter(({ from }) => from.name === "trent");
    expect(own).toMatchObject([{ trust: "verified" }]);
  });

  test("a user without a grant cannot deliver at all", async () => {
    const result = await container.exec(["/bin/sh", "-c", `echo x > ${inbox}/y.task`], {
      user: "nobody",
    });
    expect(result.code).not.toBe(0);
    const task = await container.exec(["con", "task", "-a", "concierge", "x"], { user: "nobody" });
    expect(task.code).toBe(77);
  });

  test("a finished verified task that the agent drops again is unverified", async () => {
    await sh(`echo 'what can you do?' > ${outer}/first.task`);
    const { id } = await recordOf("concierge", "first-");
    const first = await processed(id);
    await sh(`cp ${first} ${inbox}/again.task`, "a-concierge");
    await sh(`mv ${first} ${inbox}/${id}.task`, "a-concierge");
    const again = await recordOf("concierge", "again-");
    expect(again).toMatchObject({ trust: "unverified", from: { name: "concierge" } });
    await expectQuiet();
    const replayed = (await records("concierge", `${id}`)).filter((record) => record.id !== id);
    for (const record of replayed) expect(record.trust).toBe("unverified");
    expect((await recordOf("concierge", "again-")).status).toBe("done");
  });
});

describe("hostile entries of another user", () => {
  const entries: readonly (readonly [string, string, RegExp])[] = [
    ["link", `ln -s /etc/shadow "$1"`, /symbolic link/],
    ["self", `ln -s ${inbox} "$1"`, /symbolic link/],
    ["fifo", `mkfifo "$1"`, /FIFO/],
    [
      "folder",
      `cd "\${1%/*}" && mkdir -p .new/deep.task && chmod 000 .new && mv .new "$1"`,
      /directory/,
    ],
    ["closed", `{ chmod 000 /proc/self/fd/1; echo x; } > "$1"`, /no right to read/],
    ["empty", `: > "$1"`, /empty/],
    ["latin", `printf '\\377\\376' > "$1"`, /UTF-8/],
    ["large", `head -c 16777217 /dev/zero > "$1"`, /larger than/],
    ["sparse", `truncate -s 1T "$1"`, /larger than/],
    ["open-front", `printf -- '---\\nthread: x\\n' > "$1"`, /not closed/],
  ];

  beforeAll(async () => {
    for (const [name, make] of entries) {
      const argv = ["/bin/sh", "-c", make, "sh", `${inbox}/bad-${name}.task`];
      await container.must(argv, { user: "mallory" });
    }
    await sh(`echo status > ${outer}/after.task`);
  });

  test("do not keep the next task waiting", async () => {
    expect((await recordOf("concierge", "after-")).status).toBe("done");
  });

  test.each(entries)("%s: reported once, with the reason", async (name, _, why) => {
    const record = await recordOf("concierge", `bad-${name}-`);
    expect(record).toMatchObject({ status: "failed", error: expect.stringMatching(why) });
    expect(record.from.name).toBe("mallory");
  });

  test("leave nothing that wakes the unit again, and nothing is deleted", async () => {
    await expectQuiet();
    for (const [name] of entries) {
      expect(await records("concierge", `bad-${name}-`)).toHaveLength(1);
      const kept = `ls -A ${inbox} ${agents}/concierge/queue/corrupt | grep -c -- bad-${name}-`;
      expect((await sh(kept)).trim()).toBe("1");
    }
  });

  test("a hard link to root's file does not make root the sender", async () => {
    const target = "/srv/con/artifacts/of-root";
    await sh(`echo 'run: id' > ${target}`);
    // The kernel forbids it to mallory; root does it to show that the queue forbids it too.
    const own = await container.exec(["ln", target, `${inbox}/mine.task`], { user: "mallory" });
    expect(own.code).not.toBe(0);
    await container.must(["ln", target, `${inbox}/bad-hard.task`]);
    const record = await recordOf("concierge", "bad-hard-");
    expect(record).toMatchObject({ status: "failed", trust: "unverified" });
    expect(record.error).toMatch(/hard link/);
    expect(await sh(`cat ${target}`)).toBe("run: id\n");
    await expectQuiet();
  });

  test("names with newlines, shell characters and bytes that are no text", async () => {
    const names = ["n\nl", "; touch $HOME $(id) `id`", "\u001b[31m", "-rf", "é".repeat(100)];
    for (const name of names) {
      const argv = ["/bin/sh", "-c", `echo status > "$1"`, "sh", `${inbox}/${name}.task`];
      await container.must(argv, { user: "mallory" });
    }
    await sh(`echo status > ${inbox}/$(printf 'b\\377d').task`, "mallory");
    await expectQuiet();
    const own = (await records("concierge", "")).filter(({ from }) => from.name === "mallory");
    const prefixes = ["n_l-", "_touch_", "_31m-", "_rf-", "__-", "b_d-"];
    const ran = own.filter(({ status }) => status === "done").map(({ id }) => id);
    expect(ran.length).toBeGreaterThanOrEqual(names.length + 1);
    expect(ran.some((id) => id.startsWith(prefixes[0] ?? ""))).toBe(true);
    for (const id of ran) expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
  });

  test("others can neither read nor remove a waiting task", async () => {
    await sh(
      `cp /dev/null ${inbox}/.held.task; echo secret > ${inbox}/.held.task; chmod 640 ${inbox}/.held.task`,
    );
    for (const script of [`cat ${inbox}/.held.task`, `rm -f ${inbox}/.held.task`]) {
      const result = await container.exec(["/bin/sh", "-c", script], { user: "mallory" });
      expect(result.code).not.toBe(0);
    }
    await sh(`rm ${inbox}/.held.task`);
  });
});
