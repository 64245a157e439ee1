import { describe, expect, test } from "vitest";
import type { Verdict } from "../../src/contract/types.ts";
import {
  Course,
  contractOf,
  failing,
  hour,
  minute,
  pass,
  skipped,
  start,
} from "./incident-support.ts";

const error: Verdict = { state: "error", why: "no answer within 10 s" };

describe("an incident opens", () => {
  test("at the first failure, is told and keeps its id", () => {
    const course = new Course(contractOf("A"));
    const first = course.step(failing());
    expect(first.opened).toHaveLength(1);
    expect(first.escalations).toMatchObject([{ to: "sysadmin", why: "opened" }]);
    course.now += minute;
    const second = course.step(failing());
    expect(second.opened).toEqual([]);
    expect(second.escalations).toEqual([]);
    expect(course.only).toMatchObject({ count: 2, firstSeen: start, lastSeen: start + minute });
    expect(course.only.id).toBe(first.opened[0]?.id);
    expect(course.only.id).toMatch(/^inc-[0-9a-f-]{36}$/);
  });

  test("also when the check cannot be made", () => {
    const course = new Course(contractOf("A"));
    expect(course.step(error).opened).toMatchObject([{ evidence: "no answer within 10 s" }]);
  });

  test("only after as many failures in a row as the contract says", () => {
    const course = new Course(contractOf("A", { after: 3, action: "halt_agents" }));
    course.run(2, failing());
    course.run(1, pass);
    expect(course.incidents).toEqual([]);
    course.run(1, failing());
    course.run(1, error);
    expect(course.only.state).toBe("pending");
    expect(course.asked).toEqual([]);
    course.run(1, failing());
    expect(course.only).toMatchObject({ state: "open", count: 3 });
    expect(course.minutesTold).toEqual([5]);
    expect(course.asked).toMatchObject([{ action: "halt_agents" }]);
  });

  test("not for what passes or is skipped, and tells nobody where nobody is named", () => {
    const course = new Course(
      contractOf("A"),
      contractOf("B"),
      contractOf("C", { escalate: null }),
    );
    course.run(3, pass, skipped, failing());
    expect(course.only.contract).toBe("C");
    expect(course.told).toEqual([]);
  });

  test("one for each check", () => {
    const course = new Course(contractOf("A"), contractOf("B"));
    course.run(5, failing(), failing());
    expect(course.incidents.map(({ contract }) => contract)).toEqual(["A", "B"]);
  });
});

describe("an incident that goes on", () => {
  test("is told again after 1, 4, 24, 24 … hours", () => {
    const course = new Course(contractOf("A"));
    course.run(4 * 24 * 60, failing());
    const hours = course.minutesTold.map((at) => at / 60);
    expect(hours).toEqual([0, 1, 5, 29, 53, 77]);
    expect(course.told.slice(1).every(({ why }) => why === "again")).toBe(true);
  });

  test("is told when its evidence changed, but not within ten minutes", () => {
    const course = new Course(contractOf("A"));
    course.run(1, failing("full"));
    course.run(30, failing("empty"));
    expect(course.minutesTold).toEqual([0, 10]);
    expect(course.told[1]).toMatchObject({ why: "changed", key: "empty" });
  });

  test("reports the change once", () => {
    const course = new Course(contractOf("A"));
    course.step(failing("full"));
    expect(course.step(failing("empty")).changed).toMatchObject([{ key: "empty" }]);
    expect(course.step(failing("empty")).changed).toEqual([]);
  });

  test("is told when the change is far behind in a long key, of a failure or an error", () => {
    const many = Array.from({ length: 200 }, (_, n) => `secret:a${n}`).join(" ");
    const wheres = Array.from({ length: 200 }, () => "somewhere").join(" ");
    for (const [one, other] of [
      [failing(many), failing(`${many} secret:z`)],
      [
        { state: "error", why: wheres },
        { state: "error", why: `${wheres} else` },
      ],
    ] as const) {
      const course = new Course(contractOf("A"));
      course.run(30, one);
      course.run(1, other);
      expect(course.minutesTold).toEqual([0, 30]);
      expect(course.told[1]?.why).toBe("changed");
      expect(course.incidents[0]?.key.length).toBeLessThanOrEqual(300);
    }
  });

  test("does not take numbers in an error for another one", () => {
    const course = new Course(contractOf("A"));
    for (let n = 0; n < 30; n += 1) course.run(1, { state: "error", why: `pid ${n} hung` });
    expect(course.minutesTold).toEqual([0]);
  });

  test("is left alone while its check is skipped or not due", () => {
    const course = new Course(contractOf("A"));
    course.run(1, failing());
    const before = course.only;
    course.run(5 * 60, skipped);
    course.run(5 * 60, null);
    expect(course.only).toEqual(before);
  });

  test("stays due until it is told", () => {
    const course = new Course(contractOf("A"));
    course.deliverable = false;
    course.run(30, failing());
    course.run(30, null);
    course.deliverable = true;
    course.run(30, null);
    expect(course.told).toMatchObject([{ at: start + 60 * minute, why: "opened" }]);
  });

  test("has bounded evidence and actions, however long it lasts", () => {
    const course = new Course(contractOf("A", { action: "reapply" }));
    course.run(7 * 24 * 60, { ...failing(), found: "x".repeat(1_000_000) } as Verdict);
    expect(JSON.stringify(course.only).length).toBeLessThan(6000);
  });
});

describe("an incident closes", () => {
  test("when its check passes, says so once, and is forgotten after an hour", () => {
    const course = new Course(contractOf("A"));
    course.run(1, failing());
    expect(course.step(pass).closed).toMatchObject([
      { state: "closed", closedWhy: "the check passes", closedAt: course.now },
    ]);
    course.now += minute;
    expect(course.step(pass).closed).toEqual([]);
    course.run(60, pass);
    expect(course.only.state).toBe("closed");
    course.run(1, pass);
    expect(course.incidents).toEqual([]);
  });

  test("when its contract or its check is removed", () => {
    const course = new Course(contractOf("A"));
    course.step(failing());
    course.contracts = [];
    expect(course.step().closed).toMatchObject([{ closedWhy: "contract removed" }]);
  });

  test("not by a file that cannot be read any more, which is news of its own", () => {
    const course = new Course(contractOf("A"));
    course.step(failing());
    const { contracts } = course;
    course.contracts = [];
    const problem = { line: 3, column: 1, key: "checks", why: "is missing", remedy: "add it" };
    course.bad = [{ file: "/srv/con/contracts/A.yaml", problems: [problem] }];
    const broken = course.step();
    expect(broken.closed).toEqual([]);
    expect(broken.opened).toMatchObject([{ contract: "file:A.yaml", evidence: /line 3:1/ }]);
    course.bad = [];
    course.contracts = contracts;
    expect(course.step(null).closed).toMatchObject([{ closedWhy: /mended or removed/ }]);
  });

  test("when it is skipped for a day, unless that is because another contract fails", () => {
    const above = contractOf("A");
    const between = contractOf("B", {}, { dependsOn: ["A"] });
    const below = contractOf("C", {}, { dependsOn: ["B"] });
    const waiting = new Course(above, between, below);
    waiting.run(1, failing(), pass, failing());
    waiting.run(25 * 60, failing(), skipped, skipped);
    expect(waiting.incidents.map(({ contract, state }) => [contract, state])).toEqual([
      ["A", "open"],
      ["C", "open"],
    ]);
    const alone = new Course(above);
    alone.run(1, failing());
    alone.run(24 * 60, skipped);
    expect(alone.only.state).toBe("open");
    expect(alone.step(skipped).closed).toMatchObject([{ closedWhy: /nothing to check/ }]);
  });
});

describe("an incident that comes back", () => {
  test("within an hour is the same one, in the same place of its row", () => {
    const course = new Course(contractOf("A"));
    course.run(61, failing());
    const { id } = course.only;
    course.run(30, pass);
    expect(course.step(failing()).reopened).toMatchObject([{ id, reopened: 1, count: 62 }]);
    course.now += minute;
    course.run(299, failing());
    expect(course.minutesTold).toEqual([0, 60, 91]);
  });

  test("within ten minutes of the last word is told when these are over", () => {
    const course = new Course(contractOf("A"));
    course.run(2, failing());
    course.run(2, pass);
    course.run(60, failing());
    expect(course.minutesTold).toEqual([0, 10]);
  });

  test("after more than an hour is a new one", () => {
    const course = new Course(contractOf("A"));
    course.run(1, failing());
    const { id } = course.only;
    course.run(62, pass);
    course.run(1, failing());
    expect(course.only.id).not.toBe(id);
    expect(course.minutesTold).toEqual([0, 63]);
  });

  test("counts its failures in a row anew", () => {
    const course = new Course(contractOf("A", { after: 3 }));
    course.run(3, failing());
    course.run(1, pass);
    course.run(2, failing());
    expect(course.only).toMatchObject({ state: "closed", streak: 2 });
    course.run(1, failing());
    expect(course.only).toMatchObject({ state: "open", reopened: 1 });
  });

  test("asks for its action again", () => {
    const course = new Course(contractOf("A", { action: "quarantine" }));
    course.run(2, failing("full", ["worker"]));
    course.run(2, pass);
    course.run(2, failing("full", ["worker"]));
    expect(course.asked.map(({ at }) => (at - start) / minute)).toEqual([0, 4]);
  });
});

describe("an action", () => {
  test("is asked for once, and again for each agent that joins in", () => {
    const course = new Course(contractOf("A", { action: "kill_session" }));
    course.run(3, failing("full", ["b", "a"]));
    course.run(3, failing("full", ["a", "c"]));
    expect(course.asked).toEqual([
      { at: start, action: "kill_session", agents: ["a", "b"] },
      { at: start + 3 * minute, action: "kill_session", agents: ["c"] },
    ]);
  });

  test("is about the contract's own agent where the check names none", () => {
    const course = new Course(contractOf("A", { action: "quarantine" }, { agent: "worker" }));
    course.run(1, failing());
    expect(course.asked).toMatchObject([{ agents: ["worker"] }]);
  });

  test.each(["quarantine", "kill_session", "halt_workers", "halt_agents", "reapply"] as const)(
    "%s is asked for what was seen, and not where nothing could be seen",
    (action) => {
      const course = new Course(contractOf("A", { action }, { agent: "worker" }));
      course.run(5, error);
      expect([course.asked, course.told.length]).toEqual([[], 1]);
      course.run(1, failing());
      expect(course.asked).toMatchObject([{ action }]);
    },
  );

  test("to reapply comes soon for other drift, while who undoes it is left waiting", () => {
    const course = new Course(contractOf("A", { action: "reapply" }));
    course.run(3 * 60, failing("one drifts again and again"));
    const asked = course.asked.length;
    course.run(1, failing("one drifts again and again, and another too"));
    expect(course.asked).toHaveLength(asked + 1);
  });

  test("is about nothing that is no agent's name", () => {
    const course = new Course(contractOf("A", { action: "quarantine" }));
    course.run(1, failing("full", ["a; rm -rf /", "../x", "worker"]));
    expect(course.asked).toMatchObject([{ agents: ["worker"] }]);
  });

  test("is about nobody where nobody is known, so nobody is stopped", () => {
    const course = new Course(contractOf("A", { action: "quarantine" }));
    course.run(5, failing());
    expect(course.asked).toEqual([]);
  });

  test("to reapply is repeated, ever more seldom", () => {
    const course = new Course(contractOf("A", { action: "reapply" }));
    course.run(24 * 60, failing());
    expect(course.asked.map(({ at }) => (at - start) / minute)).toEqual([
      0, 1, 6, 31, 156, 516, 876, 1236,
    ]);
  });

  test("that the steward could not be asked for stays due", () => {
    const course = new Course(contractOf("A", { action: "halt_workers" }));
    course.askable = false;
    course.run(5, failing());
    course.askable = true;
    course.run(5, null);
    expect(course.asked).toEqual([{ at: start + 5 * minute, action: "halt_workers", agents: [] }]);
  });
});

describe("a clock", () => {
  test("that is set back by a year silences nothing for longer than one interval", () => {
    const course = new Course(contractOf("A", { action: "reapply" }));
    course.run(61, failing());
    course.now -= 365 * 24 * hour;
    const back = course.now;
    const told = course.told.length;
    const asked = course.asked.length;
    course.run(5 * 60, failing());
    expect(course.told.slice(told).map(({ at }) => (at - back) / hour)).toEqual([4]);
    expect(course.asked.length).toBeGreaterThan(asked);
    course.run(1, pass);
    course.run(62, pass);
    expect(course.incidents).toEqual([]);
  });

  test("that swings to and fro does not flood", () => {
    const course = new Course(contractOf("A"));
    for (let n = 0; n < 24 * 60; n += 1) {
      course.now = start + n * minute + (n % 2) * 30 * minute;
      course.step(failing());
    }
    expect(course.told.length).toBeLessThanOrEqual(4);
  });
});
