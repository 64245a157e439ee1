/**
 * The virtual machine: the image on an emulated processor (no KVM is needed), its disk behind a volatile write cache
 * (disk.ts), its job's lines on a serial port. Power fails at a moment that is counted in writes, so it does not depend
 * on how fast this machine is. What is lost then: all that the guest had not yet written, and of what it had not flushed
 * what chance decides.
 *
 * Never: leaves a process. After a crash of ours: the machine ends with the process group of the part.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type CachedDisk, type Lost, openCachedDisk } from "./disk.ts";
import { type Line, parseLine } from "./lines.ts";
import { serveDisk } from "./nbd.ts";

export interface Boot {
  /** Has kernel, initrd.gz, append, disk (test/power/prepare). */
  readonly directory: string;
  readonly number: number;
  readonly mode: "feed" | "limits";
  readonly line: (line: Line, power: Power) => void;
  readonly random: () => number;
  /** Power fails at this write of the boot; null: when `line` says so. */
  readonly early: number | null;
  /** Then it has hung. */
  readonly limitMs: number;
}

export interface Power {
  /** Fails at the n-th write from now. */
  readonly failAfter: (writes: number) => void;
}

export interface Ended {
  readonly how: "cut" | "off" | "hung" | "trouble";
  readonly lost: Lost;
  readonly writes: number;
  readonly flushes: number;
  readonly seconds: number;
}

export async function bootUntilEnd(boot: Boot): Promise<Ended> {
  const began = Date.now();
  const disk = openCachedDisk(join(boot.directory, "disk"));
  const socket = join(boot.directory, "disk.sock");
  let [writes, flushes, failAt] = [0, 0, boot.early ?? Number.POSITIVE_INFINITY];
  let machine: ChildProcess | null = null;
  let how: Ended["how"] = "off";
  const end = (why: Ended["how"]): void => {
    if (how !== "off") return;
    how = why;
    served.freeze();
    machine?.kill("SIGKILL");
  };
  const served = await serveDisk(socket, disk, {
    written: () => {
      writes += 1;
      if (writes >= failAt) end("cut");
    },
    flushed: () => {
      flushes += 1;
    },
  });
  const timer = setTimeout(() => end("hung"), boot.limitMs);
  try {
    machine = start(boot, socket);
    const power: Power = {
      failAfter: (count) => {
        failAt = Math.min(failAt, writes + Math.max(1, count));
      },
    };
    await follow(machine, (line) => {
      boot.line(line, power);
      if (line.kind === "trouble") end("trouble");
    });
  } finally {
    clearTimeout(timer);
    machine?.kill("SIGKILL");
    await served.close();
  }
  const lost = loseOf(disk, how, boot.random);
  disk.close();
  return { how, lost, writes, flushes, seconds: Math.round((Date.now() - began) / 1000) };
}

/** A machine that was switched off has flushed; one that hung is cut. */
function loseOf(disk: CachedDisk, how: Ended["how"], random: () => number): Lost {
  return disk.cut(how === "off" ? () => 0.999_999 : random);
}

function start(boot: Boot, socket: string): ChildProcess {
  const { directory, number, mode } = boot;
  const append = readFileSync(join(directory, "append"), "utf8").trim();
  const drive = `file.driver=nbd,file.server.type=unix,file.server.path=${socket},format=raw,if=virtio,cache.direct=off,cache.no-flush=off,cache.writeback=on`;
  const argv = [
    ...["-M", "q35", "-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-m", "2048"],
    ...["-nodefaults", "-display", "none", "-nic", "none", "-no-reboot"],
    ...["-kernel", join(directory, "kernel"), "-initrd", join(directory, "initrd.gz")],
    ...["-append", `${append} con.power=${mode} con.boot=${number}`, "-drive", drive],
    ...["-serial", `file:${join(directory, "console")}`, "-serial", "stdio"],
  ];
  return spawn("qemu-system-x86_64", argv, { stdio: ["ignore", "pipe", "inherit"] });
}

/** Until the machine is gone and the last of what it had said is read. */
async function follow(machine: ChildProcess, line: (line: Line) => void): Promise<void> {
  const closed = once(machine, "close");
  if (machine.stdout === null) throw new Error("the machine has no serial port");
  createInterface({ input: machine.stdout }).on("line", (text) => {
    const said = parseLine(text);
    if (said !== null) line(said);
  });
  await closed;
}
