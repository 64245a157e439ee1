/** From a compiled manifest to what tools may reach: directories, shell, sandbox, windows, environment. */
import { describe, expect, test } from "vitest";
import { defaultArchive } from "../../src/config/archive.ts";
import { noMay } from "../../src/config/authority.ts";
import { gpuNodes } from "../../src/config/gpu.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import {
  agentAt,
  askerOf,
  filePolicy,
  grantRoot,
  isolationOf,
  parseMemory,
  sandboxLimits,
  sandboxPolicy,
  shellPolicy,
  toolEnvironment,
} from "../../src/runner/policy.ts";
import { agentPaths } from "../../src/spool/layout.ts";
import { agentRuntime } from "../support/agent-runtime.ts";

const paths = agentPaths("/srv/con", "me");
const { base, workspace, tools, archive } = paths;
const gibibyte = 2 ** 30;
const none = agentRuntime().can;
const at = Date.parse("2027-01-31T09:00:00Z");

const skill = (path: string) =>
  ({ name: "s", description: "d", path }) as unknown as AgentRuntime["skills"][number];
const skills = [skill("/var/lib/con/compiled/skills/a/SKILL.md"), skill("/opt/s/b/SKILL.md")];
const twice = [...skills, skill("/opt/s/c/SKILL.md")];
const granted = agentRuntime({
  can: { ...none, read: ["/srv/con/logs/x/**"], write: ["/srv/con/artifacts/w"] },
  skills: twice,
  trustedUids: [1000, 1001],
});

test.each([
  ["1073741824", gibibyte],
  ["2048K", 2 * 2 ** 20],
  ["512M", gibibyte / 2],
  [" 3G\n", 3 * gibibyte],
  ["1T", 1024 * gibibyte],
])("the size %j is %d bytes", (text, bytes) => {
  expect(parseMemory(text)).toBe(bytes);
});

test.each(["", "G", "50%", "infinity", "-1G", "1GB", "1g", "1.5G", "x1G"])(
  "%j is no size",
  (text) => {
    expect(parseMemory(text)).toBeNull();
  },
);

test.each([
  ["/srv/a", "/srv/a"],
  ["/srv/a/**", "/srv/a"],
  ["/srv/a/", "/srv/a"],
  ["/srv/a/**/", "/srv/a"],
  ["/srv/**/a", "/srv/**/a"],
  ["/**", "/"],
  ["/", "/"],
])("the grant %s is of %s", (pattern, root) => {
  expect(grantRoot(pattern)).toBe(root);
});

describe("the manifest at a time", () => {
  const can = { ...none, write: ["/w", "/v"] };
  const agent = agentRuntime({ can, constraints: { tools: {}, until: { "write:/w": at } } });

  test("is without what has ended, and the same in all else", () => {
    expect(agentAt(agent, at - 1)).toEqual(agent);
    expect(agentAt(agent, at)).toEqual({ ...agent, can: { ...can, write: ["/v"] } });
  });

  test("names what has ended, and nothing that still holds or is no directory", () => {
    const until = { "read:/r": at, "write:/w": at + 1, "write:/v": at, "task:y": at };
    const read = agentRuntime({ can, constraints: { tools: {}, until } });
    expect(filePolicy(read, paths).ended).toEqual([{ use: "read", directory: "/r", at }]);
    const then = filePolicy(agentAt(read, at + 1), paths).ended;
    expect(then).toEqual([
      { use: "read", directory: "/r", at },
      { use: "write", directory: "/w", at: at + 1 },
      { use: "write", directory: "/v", at },
    ]);
  });

  test("has no ends where a file of an earlier version says none", () => {
    expect(filePolicy(agentRuntime({ can }), paths).ended).toEqual([]);
  });
});

describe("files", () => {
  test("are its own, those of its skills, and what is granted; never con's own, never the kernel's", () => {
    expect(filePolicy(granted, paths)).toEqual({
      workspace,
      readable: [
        ...[workspace, tools, "/var/lib/con/compiled/skills", "/opt/s"],
        ...["/srv/con/logs/x", "/srv/con/artifacts/w"],
      ],
      writable: [workspace, "/srv/con/artifacts/w"],
      denied: [base, "/proc", "/sys", "/dev", "/run"],
      ended: [],
      archive: { directory: archive, ...defaultArchive },
      owners: [0, 4711, 1000, 1001],
    });
  });

  test("are kept in versions as the manifest says, where it says so", () => {
    const bounds = { versionBytes: 1, versionsPerFile: 2, totalBytes: 3 };
    const kept = filePolicy(agentRuntime({ archive: bounds }), paths).archive;
    expect(kept).toEqual({ directory: archive, ...bounds });
  });
});

describe("a shell", () => {
  const shellOf = (limits: Partial<AgentRuntime["limits"]>) =>
    shellPolicy(agentRuntime({ limits: { ...agentRuntime().limits, ...limits } }), "bwrap");

  test("has the limits of the manifest", () => {
    const limits = { memory: "8G", tasks: 256, runtimeSeconds: 1800 };
    expect(shellOf(limits)).toEqual({
      isolation: "bwrap",
      network: false,
      defaultTimeoutSeconds: 120,
      maxTimeoutSeconds: 1800,
      memoryBytes: 8 * gibibyte,
      maxProcesses: 224,
      replyChars: 5000,
      outputBytes: 64 * 2 ** 20,
    });
  });

  test("has no more time than a task", () => {
    const { defaultTimeoutSeconds, maxTimeoutSeconds } = shellOf({ runtimeSeconds: 60 });
    expect([defaultTimeoutSeconds, maxTimeoutSeconds]).toEqual([60, 60]);
  });

  test("has room for an interpreter and a few processes, however small the agent is", () => {
    const { memoryBytes, maxProcesses } = shellOf({ memory: "64M", tasks: 40 });
    expect([memoryBytes, maxProcesses]).toEqual([2 * gibibyte, 16]);
  });

  test("has a bound where the manifest's is no number", () => {
    expect(shellOf({ memory: "infinity" }).memoryBytes).toBe(4 * gibibyte);
  });

  test("has a network only where the manifest grants one", () => {
    const can = { ...none, network: ["example.org:443"] };
    expect(shellPolicy(agentRuntime({ can }), "none")).toMatchObject({
      isolation: "none",
      network: true,
    });
  });

  test("bounds each process, and only address space is as wide as a program asks", () => {
    const shell = shellOf({ memory: "8G", tasks: 256 });
    const rest = { maxProcesses: 224, fileBytes: 2 * gibibyte };
    expect(sandboxLimits(shell)).toEqual({ memoryBytes: 8 * gibibyte, ...rest });
    expect(sandboxLimits(shell, true)).toEqual({ memoryBytes: 2 ** 46, ...rest });
  });
});

describe("a sandbox", () => {
  const shell = shellPolicy(granted, "bwrap");
  const expected = {
    workspace,
    tools,
    readOnly: ["/srv/con/logs/x", "/var/lib/con/compiled/skills", "/opt/s"],
    readWrite: ["/srv/con/artifacts/w"],
    hidden: [base],
    network: false,
    scratchBytes: gibibyte / 2,
  };

  test("shows what is granted and hides the rest of the agent", () => {
    expect(sandboxPolicy(granted, paths, shell)).toEqual(expected);
  });

  test("has graphics processors and a network only where they are granted", () => {
    const rich = sandboxPolicy({ ...granted, gpu: true }, paths, { ...shell, network: true });
    expect(rich).toEqual({ ...expected, network: true, devices: gpuNodes });
  });

  test("has scratch space, however little memory there is", () => {
    const small = { ...shell, memoryBytes: 2 ** 20 };
    expect(sandboxPolicy(granted, paths, small).scratchBytes).toBe(64 * 2 ** 20);
    const odd = { ...shell, memoryBytes: 2 ** 30 + 3 };
    expect(sandboxPolicy(granted, paths, odd).scratchBytes).toBe(2 ** 28);
  });

  test("is there unless con dev says that there is none", () => {
    const files = { files: { "/etc/x": "/var/x" } } as never;
    expect(isolationOf(granted, paths, shell)).toEqual({ kind: "bwrap", policy: expected });
    expect(isolationOf(granted, paths, shell, files)).toEqual({
      kind: "bwrap",
      policy: { ...expected, files: { "/etc/x": "/var/x" } },
    });
    const open = { ...shell, isolation: "none" } as const;
    expect(isolationOf(granted, paths, open, files)).toEqual({ kind: "none", workspace });
  });
});

test("a tool call has an environment of its own, and nothing of con's", () => {
  expect(toolEnvironment(paths, "t-1")).toEqual({
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: workspace,
    LANG: "C.UTF-8",
    TERM: "dumb",
    CON_TASK: "t-1",
  });
});

test("a refusal names request_grant only to who has the tool and may ask", () => {
  const of = (tools: readonly string[], request: readonly string[]) =>
    askerOf({ name: "me", can: { ...none, tools }, may: { ...noMay, request } });
  expect(of(["request_grant"], ["grant"])).toEqual({ agent: "me", asksForGrants: true });
  expect(of(["request_grant"], ["amend"]).asksForGrants).toBe(false);
  expect(of(["shell"], ["grant"]).asksForGrants).toBe(false);
});
