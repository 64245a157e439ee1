/** queue_age, runner_stuck, poison_waiting, outbox_complete: red and green, and what agents may plant. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Bed, minutes, said } from "./support.ts";

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.remove());

const task = (agent: string, folder: string, id: string) =>
  bed.write(bed.agent(agent, folder, `${id}.task`), "hello");

describe("queue_age", () => {
  const ask = () => bed.ask("queue_age", { max_min: 60 });

  test("is red for a task that nobody takes, names the agent, and green when it is gone", async () => {
    const file = task("bob", "inbox", "x");
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.now += 61 * minutes;
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"], key: "late:bob:inbox" });
    const { found, remedy } = (await ask()) as { found: string; remedy: string };
    expect(found).toContain("has waited 61 min");
    expect(remedy).toContain("con@bob.service");
    fs.unlinkSync(file);
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("an old time that a sender gave the file does not count", async () => {
    fs.utimesSync(task("bob", "inbox", "x"), 1, 1);
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("the outer inbox is the front desk's", async () => {
    bed.write("srv/inbox/x.task", "hello");
    bed.now += 61 * minutes;
    expect(await ask()).toMatchObject({ state: "fail", agents: ["ada"] });
  });

  test("a deferred task is late after its retry time", async () => {
    const file = task("ada", "queue/deferred", "x");
    fs.utimesSync(file, bed.now / 1000 + 3600, bed.now / 1000 + 3600);
    bed.now += 119 * minutes;
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.now += 2 * minutes;
    expect(await ask()).toMatchObject({ state: "fail", agents: ["ada"] });
  });

  test("held agents are passed over; what is still written, too", async () => {
    task("bob", "inbox", ".open-7-x");
    task("ada", "inbox", "x");
    bed.now += 61 * minutes;
    expect(await ask()).toMatchObject({ agents: ["ada"] });
    bed.hold("ada");
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a link in place of a queue is a trouble and is not followed", async () => {
    bed.write("elsewhere/x.task", "old");
    fs.rmdirSync(bed.agent("bob", "queue/deferred"));
    fs.symlinkSync(path.join(bed.directory, "elsewhere"), bed.agent("bob", "queue/deferred"));
    expect(await ask()).toMatchObject({ state: "fail", key: "odd:bob:queue/deferred" });
  });

  function runner(states: string): void {
    bed.places = { ...bed.places, exec: async () => said(`Id=con@bob.service\n${states}\n`) };
  }

  test("a claimed task without a runner is late; with one it is the runner's", async () => {
    task("bob", "queue/active", "x");
    bed.now += 61 * minutes;
    const key = "late:bob:queue/active";
    runner("ActiveState=inactive\nSubState=dead");
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"], key });
    runner("ActiveState=failed\nSubState=failed");
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"], key });
    for (const states of [
      "ActiveState=active\nSubState=running",
      "ActiveState=activating\nSubState=start",
      "ActiveState=activating\nSubState=auto-restart",
      "ActiveState=deactivating\nSubState=stop-sigterm",
    ]) {
      runner(states);
      expect(await ask()).toMatchObject({ state: "pass" });
    }
    bed.places = { ...bed.places, exec: async () => said("", 1) };
    expect(await ask()).toMatchObject({ state: "fail", key });
    bed.hold("bob");
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a name that is no UTF-8 waits like any other", async () => {
    const name = Buffer.concat([Buffer.from(`${bed.agent("bob", "inbox")}/`), Buffer.of(0xff)]);
    fs.writeFileSync(Buffer.concat([name, Buffer.from(".task")]), "x");
    bed.now += 61 * minutes;
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"] });
  });
});

describe("runner_stuck", () => {
  const ask = () => bed.ask("runner_stuck", { max_min: 0.5 });
  let up = 1000;

  function running(active: string, since = Math.floor(bed.now / 1000) - 3600): void {
    const unit = `Id=con@bob.service\nActiveState=${active}\nActiveEnterTimestamp=@${since}\n`;
    bed.places = { ...bed.places, uptime: () => up, exec: async () => said(unit) };
  }
  const pass = (seconds: number) => {
    up += seconds;
    bed.now += seconds * 1000;
  };

  beforeEach(() => {
    up = 1000;
  });

  test("is red while nothing moves, and green when the journal does", async () => {
    task("bob", "queue/active", "x");
    running("active");
    expect(await ask()).toMatchObject({ state: "pass" });
    pass(31);
    expect(await ask()).toMatchObject({
      state: "fail",
      agents: ["bob"],
      remedy: "con agent kill bob",
    });
    bed.write(bed.agent("bob", "state/journal/x.jsonl"), "{}\n");
    bed.now = Date.now();
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("the files' times count at first sight", async () => {
    task("bob", "queue/active", "x");
    pass(31);
    running("active");
    expect(await ask()).toMatchObject({ state: "fail" });
  });

  test("a runner that does not run, one without a task and one just started are not stuck", async () => {
    running("active");
    pass(31);
    expect(await ask()).toMatchObject({ state: "pass" });
    task("bob", "queue/active", "x");
    running("inactive");
    pass(31);
    expect(await ask()).toMatchObject({ state: "pass" });
    running("active", Math.floor(bed.now / 1000) - 5);
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("one that fails and is started again and again is stuck", async () => {
    const start = bed.now / 1000;
    task("bob", "queue/active", "x");
    const again = (active: string, restarts: number) => {
      const unit = [
        `Id=con@bob.service\nActiveState=${active.split("/")[0]}\nSubState=${active.split("/")[1]}`,
        `ActiveEnterTimestamp=@${Math.floor(start) + restarts}\nNRestarts=${restarts}\n`,
      ];
      bed.places = { ...bed.places, uptime: () => up, exec: async () => said(unit.join("\n")) };
    };
    again("activating/auto-restart", 1);
    expect(await ask()).toMatchObject({ state: "pass" });
    pass(20);
    again("active/running", 7);
    expect(await ask()).toMatchObject({ state: "pass" });
    pass(20);
    again("activating/auto-restart", 9);
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"] });
  });

  test("one that comes up just now is not stuck by what an earlier one left", async () => {
    task("bob", "queue/active", "x");
    pass(31);
    const unit = "Id=con@bob.service\nActiveState=activating\nSubState=start\n";
    bed.places = { ...bed.places, uptime: () => up, exec: async () => said(unit) };
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a jump of the clock makes nobody stuck", async () => {
    task("bob", "queue/active", "x");
    running("active");
    expect(await ask()).toMatchObject({ state: "pass" });
    pass(10);
    bed.now += 3600_000;
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.write(bed.agent("bob", "state/journal/x.jsonl"), "{}\n");
    pass(10);
    bed.now += 3600_000;
    expect(await ask()).toMatchObject({ state: "pass" });
    pass(31);
    expect(await ask()).toMatchObject({ state: "fail" });
  });
});

describe("poison_waiting", () => {
  const ask = () => bed.ask("poison_waiting", {});
  const record = (id: string, attempts: number, error: string) =>
    bed.write(
      bed.agent("bob", "outbox", `${id}.json`),
      JSON.stringify({ status: "failed", attempts, error }),
    );

  test("a task that was given up is red until it is run again or old", async () => {
    const file = task("bob", "queue/failed", "x");
    record("x", 5, "5 attempts ended without a result");
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"] });
    const { remedy } = (await ask()) as { remedy: string };
    expect(remedy).toContain("con retry ID");
    bed.now += 25 * 60 * minutes;
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.now -= 25 * 60 * minutes;
    fs.renameSync(file, bed.agent("bob", "queue/deferred/x.task"));
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a task that failed in good order is no poison", async () => {
    task("bob", "queue/failed", "x");
    record("x", 6, "the model said no");
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("gave up after deferrals counts, and so does what could not be read", async () => {
    task("bob", "queue/failed", "x");
    record("x", 5, "gave up after 5 attempts: the model is away");
    task("ada", "queue/corrupt", "y");
    const verdict = await ask();
    expect(verdict).toMatchObject({ state: "fail", agents: ["ada", "bob"] });
    expect(JSON.stringify(verdict)).not.toContain("the model is away");
  });

  test("a FIFO and a link as record stop nothing; odd names reach no terminal", async () => {
    task("bob", "queue/failed", "x");
    execFileSync("mkfifo", [bed.agent("bob", "outbox/x.json")]);
    task("bob", "queue/corrupt", "\u001b[2J;rm -rf");
    const verdict = await ask();
    expect(verdict).toMatchObject({ state: "fail" });
    expect((verdict as { found: string }).found).not.toContain("\u001b");
    expect((verdict as { remedy: string }).remedy).not.toContain("rm -rf");
  });
});

describe("outbox_complete", () => {
  const ask = () => bed.ask("outbox_complete", { grace_s: 60 });

  test.each([["x.response"], ["x.json"], [".x.json.new"]])("%s alone is red", async (name) => {
    const file = bed.write(bed.agent("bob", "outbox", name), "x");
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.now += 2 * minutes;
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"] });
    fs.unlinkSync(file);
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a pair is green, also when nothing changed since", async () => {
    for (const name of ["x.response", "x.json"]) bed.write(bed.agent("bob", "outbox", name), "x");
    bed.now += 2 * minutes;
    expect(await ask()).toMatchObject({ state: "pass" });
    expect(await ask()).toMatchObject({ state: "pass" });
    bed.letTimePass(bed.agent("bob", "outbox"));
    fs.unlinkSync(bed.agent("bob", "outbox/x.json"));
    expect(await ask()).toMatchObject({ state: "fail" });
  });

  test("one that changed a moment ago is read again, though no time says that it must be", async () => {
    for (const name of ["x.response", "x.json"]) bed.write(bed.agent("bob", "outbox", name), "x");
    bed.now = Date.now();
    expect(await ask()).toMatchObject({ state: "pass" });
    expect(bed.remembered).toEqual({});
    bed.now += 2 * minutes;
    expect(await ask()).toMatchObject({ state: "pass" });
    expect(bed.remembered).toHaveProperty("bob");
  });

  test("thousands of answers without a record are one trouble of that agent", async () => {
    for (let n = 0; n < 3000; n += 1) bed.write(bed.agent("bob", "outbox", `${n}.response`), "");
    bed.write(bed.agent("ada", "outbox", "x.response"), "");
    const young = await ask();
    expect(young).toMatchObject({ state: "fail", agents: ["bob"] });
    expect((young as { found: string }).found).toContain("and so are many more");
    bed.now += 2 * minutes;
    const old = await ask();
    expect(old).toMatchObject({ state: "fail", agents: ["ada", "bob"] });
    expect((old as { found: string }).found).toContain("ada: x.response");
  });
});

describe("memory_whole", () => {
  const ask = () => bed.ask("memory_whole", {});

  test("is red for a memory that was set aside, and green when it is gone", async () => {
    expect(await ask()).toMatchObject({ state: "pass" });
    const name = "memory.db.damaged-20270304120000000";
    const file = bed.write(bed.agent("bob", "state", name), "x");
    bed.write(bed.agent("ada", "state", "memory.db.damaged-\u001b"), "x");
    expect(await ask()).toMatchObject({ state: "fail", agents: ["bob"], key: "memory:bob" });
    fs.unlinkSync(file);
    expect(await ask()).toMatchObject({ state: "pass" });
  });
});
