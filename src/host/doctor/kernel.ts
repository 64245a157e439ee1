/** What the kernel and PID 1 have to offer: limits, namespaces, inotify. Each is tried, not assumed. */
import { exec } from "../../system/exec.ts";
import { inotifyLimit } from "../machine.ts";
import { bad, type Finding, fine } from "./check.ts";

/** RestartSteps= and drop-ins of unloaded instances without a reload. */
const leastSystemd = 254;

export async function checkSystemd(): Promise<Finding> {
  const version = await exec(["systemctl", "--version"]);
  const number = Number(/^systemd (\d+)/.exec(version.stdout)?.[1] ?? 0);
  const state = (await exec(["systemctl", "is-system-running"])).stdout.trim();
  const remedy = `boot a system with systemd ${leastSystemd} or newer as PID 1`;
  if (state === "offline" || state === "")
    return bad("systemd", "it is not PID 1", remedy, "critical");
  if (number < leastSystemd) return bad("systemd", `version ${number}`, remedy, "critical");
  return fine("systemd", `version ${number}, ${state}`);
}

/** Runs in a unit with limits, and prints which of them its control group really has. */
const readLimits = `
const fs = require("node:fs");
const lines = fs.readFileSync("/proc/self/cgroup", "utf8").trim().split("\\n");
const of = (name) => lines.map((l) => l.split(":")).find((p) => p[1].split(",").includes(name))?.[2];
const read = (path) => { try { return fs.readFileSync(path, "utf8").trim(); } catch { return ""; } };
const v2 = of("") ?? "/";
console.log(JSON.stringify({
  memory: read("/sys/fs/cgroup" + v2 + "/memory.max") ||
    read("/sys/fs/cgroup/memory" + of("memory") + "/memory.limit_in_bytes"),
  tasks: read("/sys/fs/cgroup" + v2 + "/pids.max") ||
    read("/sys/fs/cgroup/pids" + of("pids") + "/pids.max"),
  cpu: read("/sys/fs/cgroup" + v2 + "/cpu.max").split(" ")[0] ||
    read("/sys/fs/cgroup/cpu" + of("cpu") + "/cpu.cfs_quota_us") ||
    read("/sys/fs/cgroup/cpu,cpuacct" + of("cpu") + "/cpu.cfs_quota_us"),
}));`;

/** CPU: half of one, so many microseconds of each tenth of a second. */
const probe = { memory: 256 * 2 ** 20, tasks: 77, cpu: 50_000 };

/** Whether a limit in a unit reaches the controller of the kernel that has to keep it. */
export async function checkLimits(): Promise<Finding[]> {
  const result = await exec([
    "systemd-run",
    "--wait",
    "--pipe",
    "--quiet",
    "--collect",
    `--property=MemoryMax=${probe.memory}`,
    `--property=TasksMax=${probe.tasks}`,
    "--property=CPUQuota=50%",
    process.execPath,
    "-e",
    readLimits,
  ]);
  const remedy =
    "give the container writable memory, pids and cpu control groups; see the README, Containers";
  if (result.code !== 0)
    return [bad("limits", `could not be tried: ${result.stderr.trim()}`, remedy)];
  const seen = JSON.parse(result.stdout) as Record<keyof typeof probe, string>;
  const one = (name: string, property: string, works: boolean, severity: "high" | "medium") =>
    works
      ? fine(name, `${property} reaches the control group`)
      : bad(name, `${property} has no effect`, remedy, severity);
  return [
    one("memory limit", "MemoryMax", Number(seen.memory) === probe.memory, "high"),
    one("task limit", "TasksMax", Number(seen.tasks) === probe.tasks, "high"),
    one("cpu limit", "CPUQuota", Number(seen.cpu) === probe.cpu, "medium"),
  ];
}

export async function checkBwrap(): Promise<Finding> {
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;
  const box = [
    "bwrap",
    "--unshare-all",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/lib",
    "/lib",
  ];
  const rest = [
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "/usr/bin/true",
  ];
  const result = await exec([...nobody, ...box, ...rest]);
  if (result.code === 0) return fine("tool sandbox", "bubblewrap works for a user without rights");
  const found = result.stderr.trim().split("\n")[0] ?? `exit code ${result.code}`;
  const remedy =
    "install bubblewrap; allow user namespaces (sysctl user.max_user_namespaces, seccomp)";
  return bad("tool sandbox", found, remedy, "critical");
}

/** PID 1, udev and others need some; see bellsAtStart. */
const reserved = 28;

export async function checkInotify(agents: number): Promise<Finding> {
  const limit = inotifyLimit();
  const found = `fs.inotify.max_user_instances is ${limit} for ${agents} agents`;
  if (agents < limit - reserved) return fine("inotify", found);
  const remedy = "sysctl fs.inotify.max_user_instances=8192 on the host, then con bootstrap";
  return bad("inotify", `${found}: those beyond are woken by a bell`, remedy, "medium");
}
