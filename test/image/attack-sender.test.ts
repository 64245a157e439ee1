/**
 * A hostile sender (test/attack/sender.ts): a member of trusted, another agent, and a stranger. Whatever they drop,
 * it is out of the way and answered, the runner did not fall, and the next good task is done.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  behindLinks,
  linked,
  names,
  type Odd,
  odd,
  requests,
  strange,
  twin,
} from "../attack/sender.ts";
import { agents, drop, sh, stage, there } from "../attack/stage.ts";
import { type SenderStory, senderStories } from "../attack/stories.ts";
import { until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { newId } from "./support/request.ts";

let own: Reserved;
let container: Container;

const trusted = "con-trent";
const stranger = "con-sam";
const senders = [trusted, "a-mallory"] as const;
const base = `${agents}/colleague`;
const inbox = `${base}/inbox`;
const steward = "/srv/con/steward";

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  for (const name of [trusted, stranger]) await container.must(["useradd", "-M", name]);
  await container.must(["usermod", "--append", "--groups", "trusted", trusted]);
  await stage(container);
  await container.must(["con", "bootstrap"]);
  await container.copyIn(linked, `${behindLinks}\n`);
});
afterAll(() => own[Symbol.asyncDispose]());

/** Makes the entries beside each other, each under a name of its own, as somebody. */
async function make(
  user: string,
  directory: string,
  entries: readonly { readonly script: string; readonly name: string }[],
): Promise<void> {
  const script = 'cd "$1"; shift; while [ $# -gt 1 ]; do bash -ec "$1" bash "$2"; shift 2; done';
  const words = entries.flatMap(({ script: one, name }) => [one, name]);
  await container.must(["/bin/bash", "-ec", script, "bash", directory, ...words], { user });
}

/** A good task that came after all others, and its answer: the queue went on. */
async function next(name: string): Promise<void> {
  await drop(container, "colleague", name, [["shell", { command: "echo done" }]]);
  await there(container, `${base}/outbox/${name}*.response`);
}

/** What is left in an inbox that a runner or the steward looks at. */
const left = (directory: string): Promise<string> => sh(container, `ls ${directory} | cat -v`);

const emptied = (directory: string): Promise<true> =>
  until(async () => ((await left(directory)) === "" ? true : null), `${directory} to be empty`);

const restarts = async (unit: string): Promise<string> =>
  (await container.must(["systemctl", "show", "-P", "NRestarts", unit])).trim();

const named = (entries: readonly Odd[], prefix: string, end: string) =>
  entries.map(({ script }, n) => ({ script, name: `${prefix}-${n}${end}` }));

/** States by the name of the file that was dropped. */
async function states(prefix: string): Promise<Map<string, string>> {
  const script = `cd ${base}/outbox; for f in ${prefix}-*.json; do cat "$f"; echo; done`;
  const lines = (await sh(container, script)).trim().split("\n").join("");
  const records = lines
    .split(/(?<=\})(?=\{)/)
    .map((text) => JSON.parse(text) as { id: string; status: string });
  return new Map(records.map(({ id, status }) => [id.slice(0, -37), status]));
}

const refused = expect.stringMatching(/"status":"refused"/);

/** Who is trusted may demand checks; they come last in the list. */
const oddOf = (user: string): readonly Odd[] => (user === trusted ? odd.slice(0, -1) : odd);

const plays: Readonly<Record<SenderStory, () => Promise<void>>> = {
  async "drop a task without being allowed to"() {
    for (const directory of [
      inbox,
      `${agents}/loner/inbox`,
      "/srv/con/inbox",
      `${steward}/inbox`,
    ]) {
      const found = await container.exec(["touch", `${directory}/.x`], { user: stranger });
      expect([directory, found.code]).toEqual([directory, 1]);
      await container.must(["touch", `${directory}/.x`], { user: trusted });
      await container.must(["rm", `${directory}/.x`], { user: trusted });
    }
  },

  async "drop files that are no tasks"() {
    for (const [n, user] of senders.entries()) {
      await make(user, inbox, named(oddOf(user), `odd-${n}`, ".task"));
      await make(user, inbox, named(strange, `strange-${n}`, ".task"));
    }
    await next("after-odd");
    await emptied(inbox);
    // Each sender has a turn: one that is dropped now is answered after all others were settled.
    await next("last-odd");
    for (const [n, user] of senders.entries()) {
      const found = await states(`odd-${n}`);
      for (const [index, { what }] of oddOf(user).entries())
        expect([user, what, found.get(`odd-${n}-${index}`)]).toEqual([
          user,
          what,
          expect.stringMatching(/^(malformed|failed)$/),
        ]);
      const good = await states(`strange-${n}`);
      for (const [index, { what }] of strange.entries())
        expect([user, what, good.get(`strange-${n}-${index}`)]).toEqual([user, what, "done"]);
    }
    expect(await sh(container, `grep -rl ${behindLinks} ${base} || true`)).toBe("");
    expect(await container.exec(["test", "-e", `${base}/workspace/owned`])).toMatchObject({
      code: 1,
    });
    expect(await restarts("con@colleague.service")).toBe("0");
  },

  async "drop names that mean something elsewhere"() {
    const script = `printf '[]\\n' >"$1"`;
    const entries = names.map((name) => ({ script, name: `./${name}.task` }));
    for (const user of senders) {
      await make(user, inbox, entries);
      await next(`after-names-${user}`);
      await emptied(inbox);
    }
    await next("last-names");
    const answers = await sh(container, `ls ${base}/outbox/*.response | wc -l`);
    const records = await sh(container, `ls ${base}/outbox/*.json | wc -l`);
    expect(records).toBe(answers);
    const all = await sh(container, `ls -b ${base}/outbox`);
    // A name became a prefix of plain characters; none is left as it was.
    expect(all).toMatch(/^[\w.\n-]+$/);
    expect(await restarts("con@colleague.service")).toBe("0");
  },

  async "send the steward files that are no requests"() {
    const before = await sh(container, "con verify; ls /var/lib/con/holds");
    for (const user of senders) {
      const ids = requests.map(newId);
      await make(
        user,
        `${steward}/inbox`,
        requests.map(({ script }, n) => ({
          script,
          name: `${ids[n]}.json`,
        })),
      );
      await emptied(`${steward}/inbox`);
      for (const [n, { what }] of requests.entries()) {
        const found = await container.exec(["cat", `${steward}/outbox/${ids[n]}.json`]);
        expect(found.stdout).not.toContain(behindLinks);
        // Whose word a second name is nobody can tell: it is set aside without an answer.
        if (what === twin) expect([what, found.code]).toEqual([what, 1]);
        else expect([user, what, found.stdout]).toEqual([user, what, refused]);
      }
    }
    await container.must(["con", "agent", "pause", "wally"]);
    await container.must(["con", "agent", "resume", "wally"]);
    await emptied(`${steward}/inbox`);
    expect(await sh(container, "con verify; ls /var/lib/con/holds")).toBe(before);
    expect(await restarts("con-steward.service")).toBe("0");
  },
};

describe("a hostile sender does not come off", () => {
  test.each(senderStories.map(({ name }) => name))("when it tries to %s", (name) => plays[name]());
});
