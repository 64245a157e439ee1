/** `can:` of a manifest, list by list: order, bounds, what is refused and with which words. */
import { describe, expect, test } from "vitest";
import {
  endsAfter,
  entriesOf,
  inForce,
  noConstraints,
  type RawCan,
  readGrants,
  withPlaces,
} from "../../src/config/grants.ts";
import type { Agent } from "../../src/config/types.ts";

const end = "2027-01-31T09:00:00Z";
const at = Date.parse(end);
const none = { task: [], read: [], write: [], network: [], tools: [], models: [] };
const broken = (can: RawCan) => readGrants(can).broken;

describe("what is written", () => {
  test("is each list once and in order; tools stay as they were written", () => {
    const can: RawCan = {
      task: ["z", "a", "z"],
      read: ["/srv/con/logs/z", "/srv/con/artifacts/a/**", "/srv/con/artifacts/a"],
      write: ["/srv/con/artifacts/z/**", "/srv/con/artifacts/b"],
      network: ["b:2", "a:1"],
      tools: ["shell", "data", "edit_file"],
      models: ["smart", "fast"],
    };
    expect(readGrants(can)).toEqual({
      can: {
        task: ["a", "z"],
        read: ["/srv/con/artifacts/a", "/srv/con/logs/z"],
        write: ["/srv/con/artifacts/b", "/srv/con/artifacts/z"],
        network: ["a:1", "b:2"],
        tools: ["shell", "sql", "import_data", "vectors", "edit_file"],
        models: ["fast", "smart"],
      },
      constraints: noConstraints,
      broken: [],
    });
    expect(readGrants(undefined)).toEqual({ can: none, constraints: noConstraints, broken: [] });
  });

  test("has its bounds beside it, a group's at each of its tools", () => {
    const can: RawCan = {
      tools: [{ data: { until: end } }, { shell: { uses: 3 } }, { edit_file: { per_minute: 2 } }],
      read: [{ "/srv/con/logs/**": { until: end } }],
      models: [{ smart: { until: end } }],
    };
    const data = { perMinute: null, uses: null, until: at };
    expect(readGrants(can)).toMatchObject({
      constraints: {
        tools: {
          ...{ sql: data, import_data: data, vectors: data },
          shell: { perMinute: null, uses: 3, until: null },
          edit_file: { perMinute: 2, uses: null, until: null },
        },
        until: { "read:/srv/con/logs": at, "models:smart": at },
      },
      broken: [],
    });
  });

  test("with its place in the manifest, which leads into the map of its bounds", () => {
    expect(entriesOf({ tools: ["shell", { reply: { uses: 1 } }] }, "tools")).toEqual([
      { text: "shell", bounds: {}, path: ["can", "tools", 0] },
      { text: "reply", bounds: { uses: 1 }, path: ["can", "tools", 1, "reply"] },
    ]);
    expect(entriesOf({ tools: [{}] }, "tools")).toEqual([
      { text: "", bounds: {}, path: ["can", "tools", 0, ""] },
    ]);
  });
});

describe("what is refused", () => {
  test("a directory elsewhere, with where one may be", () => {
    const roots = "/srv/con/artifacts or /srv/con/logs";
    expect(broken({ read: ["/srv/con/logs", "/etc"], write: ["/srv/con/logs"] })).toEqual([
      {
        path: ["can", "read", 1],
        why: `/etc is not below ${roots}`,
        remedy: `expected a directory below ${roots}, like /srv/con/artifacts/x/**`,
      },
      {
        path: ["can", "write", 0],
        why: "/srv/con/logs is not below /srv/con/artifacts",
        remedy: "expected a directory below /srv/con/artifacts, like /srv/con/artifacts/x/**",
      },
    ]);
  });

  test("a network target that is none", () => {
    expect(broken({ network: ["*:80", "example.org"] })).toEqual([
      {
        path: ["can", "network", 1],
        why: '"example.org" is not a network target',
        remedy: "expected HOST:PORT, ADDRESS/LEN:PORT, [IPV6/LEN]:PORT or *:PORT",
      },
    ]);
  });

  test("a time that is none, and then it bounds nothing", () => {
    const { constraints, broken: found } = readGrants({ task: [{ y: { until: "tomorrow" } }] });
    expect(found).toEqual([
      {
        path: ["can", "task", 0, "y", "until"],
        why: "tomorrow is no time",
        remedy: "expected a time with its zone, like 2027-01-31T09:00:00Z",
      },
    ]);
    expect(constraints).toEqual(noConstraints);
  });

  test("one grant with two bounds, but not the same said twice", () => {
    const uses = (n: number) => ({ shell: { uses: n } });
    expect(broken({ tools: [uses(1), uses(1), uses(2)] })).toEqual([
      {
        path: ["can", "tools", 2, "shell"],
        why: "shell is there twice, with different bounds",
        remedy: "keep one",
      },
    ]);
    expect(broken({ tools: ["shell", "shell"], task: [{ y: { until: end } }] })).toEqual([]);
  });
});

describe("what is over", () => {
  const tools = {
    shell: { perMinute: 1, uses: null, until: null },
    reply: { perMinute: null, uses: null, until: at },
  };

  test("is nothing of a file of an earlier version, which lacks lists and bounds", () => {
    const { models: _, ...old } = { ...none, tools: ["shell"] };
    expect(inForce(old as unknown as Agent["can"], undefined, at)).toEqual({
      ...none,
      tools: ["shell"],
    });
    expect(endsAfter(undefined, 0)).toEqual([]);
  });

  test("comes at the ends there are; a tool without one has none", () => {
    expect(endsAfter({ tools, until: {} }, 0)).toEqual([at]);
    const can = { ...none, tools: ["shell", "reply"] };
    expect(inForce(can, { tools, until: {} }, at).tools).toEqual(["shell"]);
  });

  test("moves with a directory, and never with what only looks like one", () => {
    const until = { "read:/a\nb": 1, "write:/w": 2, "network:read:443": 3, "task:write:x": 4 };
    expect(withPlaces({ tools, until }, (path) => `/dev${path}`)).toEqual({
      tools,
      until: { "read:/dev/a\nb": 1, "write:/dev/w": 2, "network:read:443": 3, "task:write:x": 4 },
    });
  });
});
