/** Attempts at other processes, from memory to their lives. */
import {
  type Attempt,
  attempt,
  everywhere,
  type Group,
  path,
  pid,
  type Vantage,
} from "../table.ts";

const unseen = ["EPERM", "EACCES", "ENOENT", "ESRCH"];

interface Target {
  readonly name: string;
  readonly of: string;
  readonly from?: readonly Vantage[];
}

const targets: readonly Target[] = [
  { name: "the gateway", of: "keys of providers" },
  { name: "a colleague's runner", of: "another agent's thoughts" },
  // A tool call has a process 1 of its own.
  { name: "process 1", of: "the machine", from: ["runner", "worker", "outside"] },
  // For a runner that was taken over this is the process itself.
  { name: "its own runner", of: "the runner's bounds and audit", from: ["shell"] },
];

const by = {
  user: "another uid; ProtectProc=invisible",
  own: "a process namespace of the tool call",
};

function deeds({ name, of, from = everywhere }: Target): Attempt[] {
  const stops = name === "its own runner" ? by.own : by.user;
  const common = { loses: of, stops, from, refusals: unseen };
  const files = (["environ", "mem", "maps", "fd", "cwd"] as const).map((file) =>
    attempt({
      ...common,
      name: `${file} of ${name}`,
      deed: file === "fd" || file === "cwd" ? "list" : "open",
      with: path(`${file} of ${name}`),
    }),
  );
  return [
    ...files,
    attempt({ ...common, name: `trace ${name}`, deed: "trace", with: pid(name) }),
    attempt({
      ...common,
      name: `read the memory of ${name}`,
      deed: "read memory",
      with: pid(name),
    }),
    attempt({
      ...common,
      name: `take a descriptor of ${name}`,
      deed: "take a descriptor",
      with: pid(name),
    }),
    attempt({ ...common, name: `signal ${name}`, deed: "signal", with: pid(name) }),
    attempt({
      ...common,
      name: `slow down ${name}`,
      deed: "priority",
      with: pid(name, { value: 1 }),
      control: { with: pid(name, { value: 0 }) },
    }),
    attempt({ ...common, name: `move ${name} to a processor`, deed: "processor", with: pid(name) }),
  ];
}

const lives: Group = { title: "Other processes", attempts: targets.flatMap(deeds) };

const share: Group = {
  title: "More than its share",
  attempts: [
    attempt({
      name: "go before all others",
      from: everywhere,
      loses: "the machine's time",
      stops: "no CAP_SYS_NICE",
      deed: "priority",
      with: () => ({ pid: 0, value: -5 }),
    }),
    attempt({
      name: "more processes than its unit may have",
      loses: "the machine: a fork bomb",
      stops: "TasksMax; in a tool call RLIMIT_NPROC of its user namespace",
      deed: "processes",
      with: () => ({ count: 100 }),
      refusals: ["EAGAIN"],
      control: { as: "user" },
    }),
    attempt({
      name: "more memory than its unit may have",
      loses: "the machine's memory",
      stops: "MemoryMax",
      deed: "memory",
      from: ["worker"],
      with: () => ({ mebibytes: 400 }),
      refusals: ["SIGKILL", "exit 137"],
      control: { as: "user" },
    }),
    ...["processes", "memory"].map((what) =>
      attempt({
        name: `raise a unit's limit of ${what}`,
        loses: "the machine",
        stops: "ProtectControlGroups; owner root",
        deed: "append",
        from: everywhere,
        with: path(`the limit of ${what}`),
      }),
    ),
    attempt({
      name: "leave its control group",
      loses: "every limit of its unit",
      stops: "ProtectControlGroups; owner root",
      deed: "append",
      from: everywhere,
      with: path("the machine's control group"),
    }),
    attempt({
      name: "fill the names of a throw-away sandbox",
      loses: "the machine's memory: names are memory",
      stops: "nr_inodes of its file systems",
      deed: "names",
      from: ["code"],
      with: () => ({ directory: ".", count: 40_000 }),
      refusals: ["ENOSPC"],
      control: { as: "there", with: () => ({ directory: ".", count: 1_000 }) },
    }),
    attempt({
      name: "fill the scratch space of a tool call",
      loses: "the machine's memory: scratch space is memory",
      stops: "the size of each tmpfs of the sandbox",
      deed: "space",
      from: ["shell"],
      onlyShell: true,
      with: () => ({ directory: "/tmp", mebibytes: 600 }),
      refusals: ["ENOSPC"],
      control: {
        as: "there",
        with: (world) => ({ directory: `${world.me}/workspace`, mebibytes: 600 }),
      },
    }),
  ],
};

export const processGroups: readonly Group[] = [lives, share];
