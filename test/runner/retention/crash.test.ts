/** The machine dies at every change that upkeep makes: nothing is forgotten that is not written down as forgotten. */
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { defaultRetention } from "../../../src/config/retention.ts";
import { removeOld } from "../../../src/runner/retention/retention.ts";
import { forgottenBefore } from "../../../src/spool/forgotten.ts";
import { agentPaths } from "../../../src/spool/layout.ts";
import type { Disk } from "../../../src/system/disk.ts";
import { newId } from "../../../src/task/id.ts";
import { Crash, MemoryDisk } from "../../spool/support/memory-disk.ts";

const me = agentPaths("/r", "me");
const day = 86_400_000;
const now = Date.parse("2027-03-04T12:00:00Z");
const sent = `${me.state}/sent`;
const folders = [me.base, me.outbox, me.processed, me.state, me.journal, sent, me.inbox];

/** With directories that are held open, as the kernel names them. */
function held(disk: Disk): Disk {
  const names = new Map<number, string>();
  const real = (path: string): string => {
    const [, fd, rest] = /^\/proc\/self\/fd\/(\d+)\/(.*)$/.exec(path) ?? [];
    if (fd === undefined) return path;
    return rest === "" ? (names.get(Number(fd)) ?? "") : `${names.get(Number(fd))}/${rest}`;
  };
  return {
    ...disk,
    open: (path, flags, mode) => {
      const fd = disk.open(real(path), flags, mode);
      names.set(fd, real(path));
      return fd;
    },
    find: (path) => {
      const stat = disk.find(real(path));
      return stat === null ? null : Object.assign(stat, { isDirectory: () => false });
    },
    list: (path) => disk.list(real(path)),
    unlink: (path) => disk.unlink(real(path)),
  };
}

const ids = [300, 200, 10].map((age, at) => ({
  age,
  id: newId(now - age * day, (count) => new Uint8Array(count).fill(at + 1)),
}));

class Machine {
  readonly memory = new MemoryDisk([
    ...folders,
    ...["queue", "attempts", "goals", "plans", "turns"].map((name) => `${me.state}/${name}`),
    `${me.base}/queue`,
    ...Object.values(me.queue),
  ]);
  clock = now - day;

  async live(): Promise<void> {
    const disk = held(this.memory.disk());
    await removeOld(
      {
        ...{ disk, now: () => this.clock, paths: me, retention: defaultRetention },
        loadYaml: () => Promise.reject(new Error("not needed")),
        threadsSince: () => [],
      },
      { ms: 60_000 },
    );
  }

  /** After the first run, which only notes the time. */
  async begin(): Promise<void> {
    const disk = this.memory.disk();
    for (const { id, age } of ids)
      for (const path of [
        `${me.processed}/${id}.task`,
        `${me.outbox}/${id}.json`,
        `${me.outbox}/${id}.response`,
        `${me.journal}/${id}.jsonl`,
        `${sent}/${id}`,
      ]) {
        disk.close(disk.open(path, 0o101, 0o600));
        disk.setTime(path, now - age * day);
        disk.sync(disk.open(dirname(path), 0));
      }
    await this.live();
    this.clock = now;
  }

  get left(): number[] {
    const names = this.memory.names(me.processed);
    return ids.filter(({ id }) => names.includes(`${id}.task`)).map(({ age }) => age);
  }
}

it("is done in the next run, and forgets no task before it says so", async () => {
  const whole = new Machine();
  await whole.begin();
  const start = whole.memory.calls;
  await whole.live();
  const end = whole.memory.calls;
  expect(whole.left).toEqual([10]);
  expect(end - start).toBeGreaterThan(10);
  const names = folders.map((folder) => whole.memory.names(folder));
  for (let dies = start + 1; dies <= end; dies += 1)
    for (const powerCut of [false, true]) {
      const one = new Machine();
      await one.begin();
      one.memory.crashAt = dies;
      await expect(one.live()).rejects.toThrow(Crash);
      one.memory.reboot(powerCut);
      const where = `${dies - start}${powerCut ? ", power cut" : ""}`;
      const said = forgottenBefore(one.memory.disk(), me);
      if (one.left.length < 3) expect(said, where).toBe(now - 90 * day);
      await one.live();
      expect(
        folders.map((folder) => one.memory.names(folder).filter((name) => !name.startsWith("."))),
        where,
      ).toEqual(names);
    }
});
