import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { writeOutcomes } from "../../../src/contract/outcomes.ts";
import type { StreamModel } from "../../../src/model/types.ts";
import { openStore } from "../../../src/runner/cascade/store.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { call, countingTool } from "../../agent/support/scripted.ts";
import {
  agentWith,
  at,
  countingModel,
  database,
  deskWith,
  looksOf,
  off,
  taskOf,
  useDesk,
} from "../support/cascade-desk.ts";

useDesk();

describe("lessons", () => {
  const skill = { name: "deploy", description: "Deploys things", path: "/skills/deploy/SKILL.md" };
  const learning = { ...off, learn: true };
  const shell = countingTool("shell", {
    act: () => ({ ok: false, text: "token=abcdefghijklmnop\nno route to host\n[exit code 3]" }),
  });
  const failing = () =>
    countingModel({ calls: [call("shell", { text: `cat ${skill.path}` })] }).model;
  const desk = (model: StreamModel) =>
    deskWith(learning, model, {
      agent: agentWith(learning, { skills: [skill] }),
      tools: [shell.tool],
      validate: () => null,
    });

  it("warn the same principal of a skill that failed twice, without its secrets", async () => {
    const first = taskOf("deploy it");
    await desk(failing())(first);
    expect(looksOf(first)).toEqual(["warnings miss", "learn passed"]);
    await desk(failing())(taskOf("deploy it"));
    const { model, requests } = countingModel();
    const third = taskOf("deploy it again");
    await desk(model)(third);
    expect(looksOf(third)).toEqual(["warnings passed"]);
    const said = String(requests[0]?.messages[1]?.content);
    expect(said).toContain("skill deploy failed 2 of the last 2 times, lately: ");
    expect(said).toContain("no route to host");
    expect(said).not.toContain("abcdefghijklmnop");
    const stranger = taskOf("deploy it", 1000);
    await desk(countingModel().model)(stranger);
    expect(looksOf(stranger)).toEqual(["warnings miss"]);
  });

  it("are learned once, however often the end is settled", async () => {
    const task = taskOf("deploy it");
    await desk(failing())(task);
    const journal = path.join(agentPaths(at.root, "desk").journal, `${task.id}.jsonl`);
    const whole = fs.readFileSync(journal, "utf8");
    // A crash right after the end was written.
    fs.writeFileSync(journal, whole.slice(0, whole.indexOf('{"kind":"cascade","layer":"learn"')));
    await desk(failing())(task);
    const store = await openStore(nodeDisk, database(), () => undefined);
    expect(store.past("trusted")).toMatchObject([
      { about: "skill:deploy", results: [{ ok: false }] },
    ]);
    store.close();
  });
});

describe("what contracts say afterwards", () => {
  const skill = { name: "deploy", description: "Deploys things", path: "/skills/deploy/SKILL.md" };
  const learning = { ...off, learn: true };
  const shell = countingTool("shell", { act: () => ({ ok: true, text: "fine\n[exit code 0]" }) });
  const outcomes = () => path.join(at.root, "outcomes");
  const give = (text: string, uid = 0) => {
    const { model, requests } = countingModel({
      calls: [call("shell", { text: `cat ${skill.path}` })],
    });
    const task = taskOf(text, uid);
    const desk = deskWith(learning, model, {
      agent: agentWith(learning, { skills: [skill] }),
      tools: [shell.tool],
      validate: () => null,
      outcomes: outcomes(),
    });
    return desk(task).then(() => ({ task, requests }));
  };
  /** As the evaluation writes it: held at `passed`, seen failing at `failed`. */
  const turn = (passed: number, failed: number, agents = ["desk"]) => ({
    ...{ contract: "WEB-1", check: "home", passed, failed, agents },
    message: "the site is away",
  });
  const tell = (...turns: Parameters<typeof writeOutcomes>[1]) => {
    fs.mkdirSync(path.join(outcomes(), "desk"), { recursive: true });
    expect(writeOutcomes(nodeDisk, turns, [{ name: "desk" }], outcomes())).toEqual([]);
  };
  const past = async (principal: string) => {
    const store = await openStore(nodeDisk, database(), () => undefined);
    const found = store.past(principal);
    store.close();
    return found.flatMap(({ results }) => results);
  };

  it("makes failures of tasks between the two looks, once, and warns of their skill", async () => {
    const begun = at.now;
    for (const _ of [1, 2]) {
      await give("deploy it");
      at.now += 60_000;
    }
    expect(await past("trusted")).toEqual([
      { ok: true, error: null },
      { ok: true, error: null },
    ]);
    tell(turn(begun - 1000, at.now));
    at.now += 1000;
    const third = await give("deploy it again");
    expect(looksOf(third.task)).toEqual(["learn passed", "warnings passed", "learn passed"]);
    const said = String(third.requests[0]?.messages[1]?.content);
    const error = "contract WEB-1 failed afterwards: the site is away";
    expect(said).toContain(`skill deploy failed 2 of the last 2 times, lately: ${error}`);
    const fourth = await give("deploy it again");
    expect(looksOf(fourth.task)).toEqual(["learn miss", "warnings passed", "learn passed"]);
    expect((await past("trusted")).map(({ ok }) => ok)).toEqual([true, true, false, false]);
  });

  it("says nothing of tasks outside of that time, of a long one, or of another agent's", async () => {
    const begun = at.now;
    await give("deploy it");
    at.now += 60_000;
    tell(
      turn(at.now, at.now + 1000),
      turn(begun - 20_000, begun - 10_000),
      turn(at.now - 2 * 3_600_000, at.now),
      turn(begun - 1000, at.now, ["other"]),
    );
    at.now += 10_000;
    await give("deploy it");
    expect((await past("trusted")).map(({ ok }) => ok)).toEqual([true, true]);
  });

  it("blames nobody where two principals were at work, and tells a stranger no words", async () => {
    const begun = at.now;
    await give("deploy it");
    await give("deploy it", 1000);
    at.now += 1000;
    tell(turn(begun - 1000, at.now));
    at.now += 1000;
    await give("deploy it");
    for (const who of ["trusted", "uid-1000"])
      expect((await past(who)).map(({ ok }) => ok)).not.toContain(false);
    at.now += 1000;
    const alone = at.now;
    await give("deploy it", 1000);
    at.now += 1000;
    tell(turn(alone - 500, at.now));
    at.now += 1000;
    await give("deploy it", 1000);
    expect(await past("uid-1000")).toContainEqual({
      ok: false,
      error: "contract WEB-1 failed afterwards",
    });
    expect((await past("trusted")).map(({ ok }) => ok)).not.toContain(false);
  });
});
