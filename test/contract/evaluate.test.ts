import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { evaluate } from "../../src/contract/evaluate.ts";
import type { BuiltinCheck, Contract, Result, Verdict } from "../../src/contract/types.ts";
import { builtin, check, command, contract, verdictOf, world } from "./support/contracts.ts";

const states = (results: readonly Result[]): Record<string, string> =>
  Object.fromEntries(results.map(({ contract: id, verdict }) => [id, verdict.state]));
const only = (results: readonly Result[]): Verdict | undefined => results[0]?.verdict;
const bad = (id: string, change: Partial<Contract> = {}): Contract =>
  contract(id, { checks: [check(builtin("bad"))], ...change });

describe("evaluate", () => {
  it("gives a result for each check, with what its contract says about it", async () => {
    const one = contract("C", {
      agent: "ann",
      severity: "low",
      checks: [
        check(builtin("ok"), { name: "a" }),
        check(builtin("bad"), { name: "b", severity: "critical" }),
      ],
    });
    const results = await evaluate([one], world({ now: () => 42 }));
    expect(results).toMatchObject([
      { contract: "C", check: "a", severity: "low", agent: "ann", at: 42, durationMs: 0 },
      { contract: "C", check: "b", severity: "critical", verdict: { state: "fail" } },
    ]);
  });

  it("makes a throwing check an error with its message and without its stack", async () => {
    const broken: BuiltinCheck = () => {
      throw new Error("no such thing");
    };
    const builtins = new Map([["ok", broken]]);
    expect(only(await evaluate([contract("C")], world({ builtins })))).toEqual({
      state: "error",
      why: "no such thing",
    });
  });

  it("makes an unknown check an error", async () => {
    const one = contract("C", { checks: [check(builtin("nosuch"))] });
    expect(only(await evaluate([one], world()))).toMatchObject({ state: "error" });
  });

  it("hands out thresholds, and skips a check whose limit is not set", async () => {
    const seen: unknown[] = [];
    const look: BuiltinCheck = async (args) => {
      seen.push(args);
      return verdictOf("pass");
    };
    const ask = (name: string) =>
      contract(name, { checks: [check(builtin("look", { min_pct: `health.${name}` }))] });
    const spend = contract("spend", {
      checks: [check(builtin("look", { usd_per_day: "health.max_usd_per_day", min_pct: 5 }))],
    });
    const builtins = new Map([["look", look]]);
    const results = await evaluate([ask("disk_min_free_pct"), spend], world({ builtins }));
    expect(seen).toEqual([{ min_pct: 15 }]);
    expect(states(results)).toEqual({ disk_min_free_pct: "pass", spend: "skipped" });
  });

  it("keeps what a check remembers for the same check only", async () => {
    const memory = new Map<string, unknown>();
    const seen: unknown[] = [];
    const counts: BuiltinCheck = async (_args, { memory: before, remember }) => {
      seen.push(before);
      remember(Number(before ?? 0) + 1);
      return verdictOf("pass");
    };
    const builtins = new Map([["ok", counts]]);
    await evaluate([contract("A"), contract("B")], world({ builtins, memory }));
    await evaluate([contract("A")], world({ builtins, memory }));
    expect(seen).toEqual([null, null, 1]);
  });
});

describe("depends_on", () => {
  const following = (id: string, ...dependsOn: string[]): Contract => contract(id, { dependsOn });

  it("skips what depends on a failing contract, also through another", async () => {
    const all = [following("C", "B"), following("B", "A"), bad("A"), following("D")];
    const results = await evaluate(all, world());
    expect(states(results)).toEqual({ A: "fail", B: "skipped", C: "skipped", D: "pass" });
    const skipped = results.find(({ contract: id }) => id === "C")?.verdict;
    expect(skipped).toEqual({ state: "skipped", why: "A fails" });
  });

  it("counts a check that could not be made as failing", async () => {
    const error = contract("A", { checks: [check(builtin("nosuch"))] });
    expect(states(await evaluate([error, following("B", "A")], world()))["B"]).toBe("skipped");
  });

  it("runs what depends on a contract that has nothing to check here", async () => {
    const absent = contract("A", { skipIf: [{ kind: "env_var_unset", value: "NOSUCH" }] });
    const results = await evaluate([absent, following("B", "A")], world());
    expect(states(results)).toEqual({ A: "skipped", B: "pass" });
  });

  it("knows failing contracts from earlier, and believes the newer result", async () => {
    const failing = new Set(["A"]);
    expect(states(await evaluate([following("B", "A")], world({ failing })))["B"]).toBe("skipped");
    const both = [contract("A"), following("B", "A")];
    expect(states(await evaluate(both, world({ failing })))["B"]).toBe("pass");
  });

  it("ends with an error where contracts wait for each other", async () => {
    const all = [following("A", "B"), following("B", "A"), following("C", "A"), following("D")];
    const results = await evaluate(all, world());
    expect(states(results)).toEqual({ A: "error", B: "error", C: "error", D: "pass" });
  });
});

describe("skip_if", () => {
  const skips = async (...skipIf: Contract["skipIf"]): Promise<string | undefined> => {
    const environment = { SET: "x", EMPTY: "", CI: "true" };
    const results = await evaluate([contract("C", { skipIf })], world({ environment }));
    return only(results)?.state;
  };

  it("skips where one condition holds", async () => {
    expect(await skips({ kind: "path_not_exists", value: "/nosuch" })).toBe("skipped");
    expect(await skips({ kind: "command_not_available", value: "nosuch" })).toBe("skipped");
    expect(await skips({ kind: "env_var_unset", value: "EMPTY" })).toBe("skipped");
    expect(
      await skips(
        { kind: "path_not_exists", value: "/usr" },
        { kind: "env_var_unset", value: "NONE" },
      ),
    ).toBe("skipped");
  });

  it("evaluates where none holds", async () => {
    expect(
      await skips(
        { kind: "path_not_exists", value: "/usr" },
        { kind: "command_not_available", value: "sh" },
        { kind: "env_var_unset", value: "SET" },
        { kind: "not_in_ci", value: true },
      ),
    ).toBe("pass");
  });

  it("skips a check alone by its own condition", async () => {
    const skipIf = [{ kind: "env_var_unset", value: "NONE" }] as const;
    const checks = [check(builtin("ok"), { name: "a", skipIf }), check(builtin("ok"))];
    const results = await evaluate([contract("C", { checks })], world());
    expect(results.map(({ verdict }) => verdict.state)).toEqual(["skipped", "pass"]);
  });
});

describe("limits", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const program = (id: string, timeoutSeconds = 20): Contract =>
    contract(id, { checks: [check(command("true"), { timeoutSeconds })] });
  const never = new Promise<Verdict>(() => undefined);

  it("ends a check that ignores its deadline, and delays no other", async () => {
    const hanging: BuiltinCheck = () => never;
    const done: string[] = [];
    const all = evaluate(
      [
        contract("hang", { checks: [check(builtin("hang"), { timeoutSeconds: 5 })] }),
        contract("ok"),
      ],
      world({
        builtins: new Map([
          ["hang", hanging],
          ["ok", async () => verdictOf("pass")],
        ]),
        onResult: ({ contract: id }) => void done.push(id),
      }),
    );
    await vi.advanceTimersByTimeAsync(4_999);
    expect(done).toEqual(["ok"]);
    await vi.advanceTimersByTimeAsync(2_002);
    expect((await all)[0]?.verdict).toEqual({ state: "error", why: "no answer within 5 s" });
  });

  it("lets a program say what it saw, but not pass, after its deadline", async () => {
    const late = (verdict: Verdict) =>
      evaluate(
        [program("C", 5)],
        world({
          runProgram: (_probe, _check, signal) =>
            new Promise((resolve) => {
              signal.addEventListener("abort", () => resolve(verdict));
            }),
        }),
      );
    const says = late({ state: "error", why: "no answer within 5 s: stuck at 3" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(only(await says)).toEqual({ state: "error", why: "no answer within 5 s: stuck at 3" });
    const passes = late(verdictOf("pass"));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(only(await passes)).toEqual({ state: "error", why: "no answer within 5 s" });
  });

  it("starts the clock of a check when it runs, not while it waits for its turn", async () => {
    const runs: string[] = [];
    const runProgram = async () => {
      runs.push("run");
      return new Promise<Verdict>((resolve) => setTimeout(resolve, 4000, verdictOf("pass")));
    };
    const all = evaluate(
      [program("A", 5), program("B", 5), program("C", 5)],
      world({ runProgram, concurrency: 1 }),
    );
    await vi.advanceTimersByTimeAsync(3_999);
    expect(runs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(8_001);
    expect(Object.values(states(await all))).toEqual(["pass", "pass", "pass"]);
  });

  it("gives the slot of a check that hangs to the next", async () => {
    let first = true;
    const runProgram = () => {
      const answer = first ? never : Promise.resolve(verdictOf("pass"));
      first = false;
      return answer;
    };
    const all = evaluate([program("A", 1), program("B", 1)], world({ runProgram, concurrency: 1 }));
    await vi.advanceTimersByTimeAsync(3_001);
    expect(states(await all)).toEqual({ A: "error", B: "pass" });
  });
});

describe("a process that was held up", () => {
  /** The clock goes on meanwhile, and no timer fires. */
  let heldUpMs = 0;
  beforeEach(() => {
    const began = performance.now();
    heldUpMs = 0;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const start = Date.now();
    vi.spyOn(performance, "now").mockImplementation(() => began + Date.now() - start + heldUpMs);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("gives its checks the time back, and no more than they have", async () => {
    const blocking: BuiltinCheck = async () => {
      heldUpMs += 2_500;
      return verdictOf("pass");
    };
    // Ready soon after, though its deadline has passed by then.
    const waiting: BuiltinCheck = () =>
      new Promise((resolve) => setTimeout(resolve, 1_100, verdictOf("pass")));
    const hanging: BuiltinCheck = () => new Promise<Verdict>(() => undefined);
    const of = (name: string) =>
      contract(name, { checks: [check(builtin(name), { timeoutSeconds: 1 })] });
    const builtins = new Map([
      ["waiting", waiting],
      ["hanging", hanging],
      ["blocking", blocking],
    ]);
    const all = evaluate([of("waiting"), of("hanging"), of("blocking")], world({ builtins }));
    // The second that they have, the second that they get back, and what a check gets to end.
    await vi.advanceTimersByTimeAsync(1_000 + 1_000 + 2_000);
    expect(states(await all)).toEqual({ waiting: "pass", hanging: "error", blocking: "pass" });
  });

  it("has no time to give back for what came in time", async () => {
    const late: BuiltinCheck = () =>
      new Promise((resolve) => setTimeout(resolve, 1_100, verdictOf("pass")));
    const one = contract("late", { checks: [check(builtin("late"), { timeoutSeconds: 1 })] });
    const all = evaluate([one], world({ builtins: new Map([["late", late]]) }));
    await vi.advanceTimersByTimeAsync(1_000 + 2_000);
    expect(states(await all)).toEqual({ late: "error" });
  });
});
