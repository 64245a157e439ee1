import { expect, test } from "vitest";
import { createMeters, rootsIn } from "../../../src/commands/top/meters.ts";

const reader = (files: Readonly<Record<string, string>>) => (path: string) => files[path] ?? null;
const unit = "system.slice/system-con.slice/con@ada.service";
const unknown = { cpu_usec: null, memory_bytes: null };

test("one tree of control groups", () => {
  const meter = createMeters(
    reader({
      "/proc/1/cgroup": "0::/init.scope\n",
      [`/sys/fs/cgroup/${unit}/cpu.stat`]: "usage_usec 1234\nuser_usec 1000\n",
      [`/sys/fs/cgroup/${unit}/memory.current`]: "4096\n",
    }),
  );
  expect(meter("ada")).toEqual({ cpu_usec: 1234, memory_bytes: 4096 });
  expect(meter("bob")).toEqual(unknown);
});

test("a tree for each controller, and a container within them", () => {
  const meter = createMeters(
    reader({
      "/proc/1/cgroup":
        "3:cpu,cpuacct:/box/init.scope\n2:memory:/m/init.scope\n0::/box/init.scope\n",
      [`/sys/fs/cgroup/cpu,cpuacct/box/${unit}/cpuacct.usage`]: "1234999\n",
      [`/sys/fs/cgroup/memory/m/${unit}/memory.usage_in_bytes`]: "8192\n",
    }),
  );
  expect(meter("ada")).toEqual({ cpu_usec: 1235, memory_bytes: 8192 });
});

test.each([
  ["nothing", ""],
  ["somewhere outside", "0::/../../init.scope\n"],
  ["what nobody knows", "x\n0:cpu\n::\n"],
])("where PID 1 is said to be in %s, nothing is known", (_, text) => {
  expect(rootsIn(text)).toEqual({ cpu: [], memory: [] });
  expect(createMeters(reader({ "/proc/1/cgroup": text }))("ada")).toEqual(unknown);
});

test("numbers that are none are not shown as one", () => {
  const meter = createMeters(
    reader({
      "/proc/1/cgroup": "0::/\n",
      [`/sys/fs/cgroup/${unit}/cpu.stat`]: "usage_usec -1\n",
      [`/sys/fs/cgroup/${unit}/memory.current`]: "max\n",
    }),
  );
  expect(meter("ada")).toEqual(unknown);
});
