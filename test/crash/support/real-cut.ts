/**
 * The real file system, for code that does not take a disk: calls that change something below one directory are counted
 * and cut. A process dies here, or a call fails; power is never lost, because what the kernel holds cannot be
 * taken from it.
 */
import fs, { constants } from "node:fs";
import { Crash } from "../../spool/support/memory-disk.ts";
import { type Call, mayFail, type Way } from "./ways.ts";

const changing = {
  ...{ writeFileSync: "write", writeSync: "write", renameSync: "rename", linkSync: "link" },
  ...{ symlinkSync: "link", unlinkSync: "unlink", mkdirSync: "create", rmdirSync: "unlink" },
  ...{ rmSync: "unlink", fchmodSync: "sync", fchownSync: "sync", fsyncSync: "sync" },
} as const satisfies Readonly<Record<string, Call>>;

type Name = keyof typeof changing | "openSync";
type Loose = (...args: unknown[]) => unknown;

export interface RealCut {
  readonly arm: (way: Way, at: number) => void;
  readonly restart: () => void;
  readonly count: () => { readonly changes: number; readonly ops: number };
  /** Between this and its end, and only then, calls are counted. */
  readonly during: <T>(act: () => T) => T;
}

export function createRealCut(): RealCut {
  let way: Way | null = null;
  let left = Number.POSITIVE_INFINITY;
  let changes = 0;
  let ops = 0;
  const step = (call: Call): void => {
    changes += 1;
    if (way?.kind === "error" && mayFail[way.errno].includes(call)) {
      ops += 1;
      if (way.lasting ? ops >= left : ops === left) throw failed(way.errno);
    }
    if (way?.kind === "kill" && changes >= left) throw new Crash(`at call ${changes}`);
  };
  return {
    arm: (next, at) => {
      way = next;
      left = at;
      ops = 0;
      changes = 0;
    },
    restart: () => {
      way = null;
    },
    count: () => ({ changes, ops }),
    during: (act) => patched(step, act),
  };
}

const failed = (code: string): Error => Object.assign(new Error(code), { code });

function patched<T>(step: (call: Call) => void, act: () => T): T {
  const table = fs as unknown as Record<Name, Loose>;
  const names = [...(Object.keys(changing) as (keyof typeof changing)[]), "openSync"] as const;
  const before = names.map((name) => [name, table[name]] as const);
  for (const [name, real] of before)
    table[name] = (...args) => {
      const opens = name === "openSync";
      const creates = opens && typeof args[1] === "number" && (args[1] & constants.O_CREAT) !== 0;
      if (!opens) step(changing[name]);
      else if (creates) step("create");
      return real(...args);
    };
  try {
    return act();
  } finally {
    for (const [name, real] of before) table[name] = real;
  }
}
