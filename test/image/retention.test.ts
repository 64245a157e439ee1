/**
 * Old things in the booted system: the nightly unit removes them as the agent, and a verified task that it forgot does
 * not run again, under its own name or another one.
 */
import { randomBytes } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { defaultArchive } from "../../src/config/archive.ts";
import { encodeTask, requestOf } from "../../src/task/codec.ts";
import { newId } from "../../src/task/id.ts";
import { keyOf, nameOf, stampOf, type VersionKind } from "../../src/tools/files/versions.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const agent = "/srv/con/agents/concierge";
const inbox = `${agent}/inbox`;
const old = newId(Date.now() - 200 * 86_400_000, randomBytes);
const aged = "touch -h -d '200 days ago'";

const sh = (script: string, user?: string): Promise<string> =>
  container.must(["/bin/bash", "-ec", script], user === undefined ? {} : { user });

const upkeep = (): Promise<string> =>
  container.must(["systemctl", "start", "con-upkeep@concierge.service"]);

/** Root puts the same file into the inbox, written just now or long ago; the record of what becomes of it. */
async function dropped(name: string, { isOld = false } = {}): Promise<Record<string, unknown>> {
  const wake = "systemctl start con@concierge.service";
  const time = isOld ? `${aged} ${inbox}/.new;` : "";
  await sh(
    `cp /run/old.task ${inbox}/.new; ${time} mv ${inbox}/.new ${inbox}/${name}.task; ${wake}`,
  );
  const found = `$(ls -t ${agent}/outbox/${name}*.json 2>/dev/null | head -1)`;
  const text = await sh(
    `n=0; until [ -n "${found}" ]; do n=$((n+1)); [ $n -le 300 ] || exit 9; sleep 0.1; done; cat "${found}"`,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

beforeAll(async () => {
  const bytes = encodeTask(requestOf("Which agents are there?"), { endMarker: true });
  await container.copyIn("/run/old.task", Buffer.from(bytes).toString("utf8"));
  await sh(`rm -f ${agent}/state/upkeep.json`);
});

test("a verified task that was forgotten does not run again, under no name", async () => {
  expect(await dropped(old)).toMatchObject({ status: "done", trust: "verified" });
  // It is put away after its record is there.
  await sh(`until [ -e ${agent}/processed/${old}.task ]; do sleep 0.1; done`);
  await sh(
    `${aged} ${agent}/outbox/${old}.* ${agent}/processed/${old}.task ${agent}/state/journal/${old}.jsonl`,
  );
  const foreseen = await container.must(["con", "upkeep", "concierge", "--dry-run", "--json"]);
  expect(JSON.parse(foreseen)).toMatchObject({
    ...{ agent: "concierge", dry_run: true, noted_only: true, troubles: [] },
    swept: expect.arrayContaining([
      expect.objectContaining({ folder: "processed", entries: 1, names: [`${old}.task`] }),
    ]),
  });
  await upkeep();
  const left = `find ${agent} -name '*${old}*'`;
  // The first run only notes the time.
  expect(await sh(`${left} | wc -l`)).toBe("4\n");
  expect(await container.must(["con", "upkeep", "concierge", "--dry-run"])).toMatch(
    /journals +state\/journal +90 d +1 /,
  );
  await upkeep();
  expect(await sh(left)).toBe("");
  const refused = {
    ...{ status: "failed", trust: "verified", steps: 0 },
    error: expect.stringContaining("it could have run already"),
  };
  expect(await dropped(old)).toMatchObject(refused);
  expect(await dropped("another", { isOld: true })).toMatchObject(refused);
  const fresh = newId(Date.now(), randomBytes);
  expect(await dropped(fresh)).toMatchObject({ status: "done", trust: "verified" });
});

test("versions in the archive go by the day on which they were made, deleted folders too", async () => {
  const shown = JSON.parse(await container.must(["con", "agent", "show", "concierge", "--json"]));
  expect(shown).toMatchObject({ archive: { ...defaultArchive, days: 90 } });
  const version = (kind: VersionKind, days: number, random: string) => {
    const id = `${stampOf(Date.now() - days * 86_400_000)}-${random}`;
    return nameOf({ id, kind, mode: 0o644, bytes: 1, digest: "-", key: keyOf(`/${random}`) });
  };
  const gone = [version("deleted", 91, "aaaaaaaa"), version("directory", 300, "bbbbbbbb")];
  const kept = version("deleted", 89, "cccccccc");
  const names = [...gone, kept];
  const make = `umask 077; mkdir -p ${agent}/archive/versions/${gone[1]}/deep; cd ${agent}/archive/versions; touch ${gone[0]} ${kept} ${gone[1]}/deep/file`;
  await sh(make, "a-concierge");
  await upkeep();
  await upkeep();
  const left = (await sh(`ls ${agent}/archive/versions`)).split("\n");
  expect(names.filter((name) => left.includes(name))).toEqual([kept]);
  await sh(`rm ${agent}/archive/versions/${kept}`);
});

test("the agent leads it nowhere: it has the agent's rights and no more", async () => {
  const id = newId(Date.now() - 200 * 86_400_000, randomBytes);
  const folder = "/srv/con/agents/other-place";
  await sh(`mkdir -m 777 ${folder}; cd ${folder}; touch ${id}.json; ${aged} ${id}.json`);
  try {
    await sh(
      `cd ${agent}/state; [ ! -e goals ] || mv goals goals.aside; ln -s ${folder} goals`,
      "a-concierge",
    );
    await upkeep();
    expect(await sh(`ls ${folder}`)).toBe(`${id}.json\n`);
  } finally {
    await sh(
      `cd ${agent}/state; rm goals; [ ! -e goals.aside ] || mv goals.aside goals; rm -r ${folder}`,
    );
  }
});

test("nobody else may look or start it", async () => {
  const asStranger = { user: "nobody" };
  const one = await container.exec(["con", "upkeep", "concierge", "--dry-run"], asStranger);
  expect(one).toMatchObject({ code: 77, stdout: "" });
  expect((await container.exec(["con", "upkeep"], asStranger)).code).toBe(77);
});
