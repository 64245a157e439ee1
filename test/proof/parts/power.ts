/**
 * The part `power` of the proof: the image in a virtual machine whose power fails at random writes while tasks flow, and
 * again while it recovers; then limits, with the control groups that users have.
 */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import type { LimitLine, Line } from "../../power/lines.ts";
import { type Story, tell } from "../../power/story.ts";
import type { Figure, Part, PartContext } from "../part.ts";

const repository = resolve(import.meta.dirname, "../../..");
const full = 24;

async function run(context: PartContext) {
  const { directory, progress, scale } = context;
  progress("making kernel, first root and disk");
  execFileSync(join(repository, "build/prerequisites"), ["proof"], { stdio: "inherit" });
  execFileSync(join(repository, "test/power/prepare"), [directory], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const story = await tell(context, Math.max(2, Math.round(full * scale)));
  return {
    figures: [...ofCuts(story), ...ofTasks(story), ...ofLimits(story.limits)],
    notes: notes(story),
  };
}

function ofCuts({ cuts, troubles }: Story): Figure[] {
  const recovering = cuts.filter(({ where }) => where === "recovering").length;
  const broken = cuts.filter(({ filesystem }) => filesystem !== null).length;
  const sum = (of: (cut: (typeof cuts)[number]) => number) =>
    cuts.reduce((all, cut) => all + of(cut), 0);
  return [
    figure(
      "power cuts",
      cuts.length,
      cuts.length >= 2 && troubles.length === 0,
      "every boot comes up",
    ),
    figure("of these while recovering from the cut before", recovering),
    figure(
      "blocks written and not flushed when power failed",
      sum(({ ended }) => ended.lost.open),
    ),
    figure(
      "of these lost or left in an older version",
      sum(({ ended }) => ended.lost.lost),
    ),
    figure("file systems that are not whole after their journal", broken, broken === 0, "0"),
  ];
}

/** The last boot saw everything; damage and doubles count at each. */
function ofTasks({ verdicts, durable }: Story): Figure[] {
  const last = verdicts.at(-1)?.verdict;
  const most = (of: (verdict: (typeof verdicts)[number]["verdict"]) => number) =>
    Math.max(0, ...verdicts.map(({ verdict }) => of(verdict)));
  const zero = (what: string, value: number) =>
    figure(what, value, value === 0 && last !== undefined, "0");
  return [
    figure("tasks said to be durable", durable, durable > 0, "at least 1"),
    figure("tasks that ended", last?.ended ?? 0),
    zero(
      "durable tasks lost, or without their answer or effect",
      most(({ lost }) => lost.length),
    ),
    zero(
      "tasks or tool calls done twice",
      most(({ twice }) => twice.length),
    ),
    zero(
      "files, databases, trails, units or settings damaged",
      most(({ damaged }) => damaged.length),
    ),
    figure("tool calls cut before their result, answered so and not repeated", last?.unsure ?? 0),
    figure("programs as runners started anew, as they are at least once", last?.again ?? 0),
  ];
}

function ofLimits(lines: readonly Line[]): Figure[] {
  const of = (kind: LimitLine["kind"]) =>
    lines.find((line): line is LimitLine => line.kind === kind) ?? null;
  const [memory, free] = [of("memory"), of("memory-free")];
  const [started = "", refused = "0"] = (of("tasks")?.text ?? "").split(" ");
  const share = Number(of("cpu")?.text ?? Number.NaN);
  const agent = lines.find((line) => line.kind === "agent");
  const groups = lines.find((line) => line.kind === "groups");
  return [
    figure(
      "controllers",
      groups?.controllers ?? "none",
      groups?.controllers.includes("memory") === true,
      "memory, pids, cpu",
    ),
    figure(
      "an agent's own unit: memory.max, pids.max, cpu.max",
      agent === undefined ? "not read" : `${agent.memory}, ${agent.tasks}, ${agent.cpu}`,
      agent !== undefined && ![agent.memory, agent.tasks].includes("max"),
      "none is max",
    ),
    figure(
      "256 MiB under MemoryMax=64M end with",
      memory?.result ?? "not run",
      memory?.result === "oom-kill",
      "oom-kill",
    ),
    figure(
      "the same without a limit ends with",
      free?.result ?? "not run",
      free?.result === "success",
      "success",
    ),
    figure(
      "of 40 processes under TasksMax=24 started",
      Number(started),
      Number(refused) > 0,
      "fewer than 24",
    ),
    figure(
      "the same without a limit",
      of("tasks-free")?.text ?? "not run",
      of("tasks-free")?.text === "40 0",
      "40 0",
    ),
    figure(
      "share of a processor under CPUQuota=20%",
      share,
      share > 0.1 && share < 0.25,
      "0.1 to 0.25",
    ),
    figure("the same without a limit", of("cpu-free")?.text ?? "not run"),
  ];
}

const figure = (what: string, value: number | string, ok = true, target?: string): Figure => ({
  ...{ what, value, ok },
  ...(target === undefined ? {} : { target }),
});

function notes({ verdicts, cuts, troubles }: Story): string[] {
  const findings = verdicts.flatMap(({ boot, verdict }) =>
    [...verdict.lost, ...verdict.twice, ...verdict.damaged].map((one) => `boot ${boot}: ${one}`),
  );
  const broken = cuts.flatMap(({ number, filesystem }) =>
    filesystem === null ? [] : [`cut ${number + 1}: ${filesystem}`],
  );
  return [
    "Power fails at a random write. Lost is all that the guest held in memory, and of each block of 4 KiB that it had written and not flushed, chance keeps any version since the last flush: order between blocks is lost too. A block itself is never torn.",
    "The file system is ext4 with its journal, data=ordered. It is replayed and checked on a copy by e2fsck after each cut, and by the kernel at the next boot.",
    "Durable means: the sender's rename and its directory were synced, or con task printed the id, and the word had left the machine by a serial port.",
    "The processor is emulated (TCG), ten to twenty times slower; control groups are version 2.",
    ...troubles,
    ...broken,
    ...findings.slice(0, 50),
  ];
}

export const part: Part = {
  name: "power",
  claim:
    "Power fails while tasks flow: what was durable is answered once, no tool runs twice, and file systems, databases and trails are whole.",
  run,
};
