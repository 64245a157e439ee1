/** Grants of manifests: bounds, ends, and the one meaning of patterns. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grantRoots, parseGrant, parseInstant } from "../../src/config/grammar.ts";
import { endsAfter, inForce, noConstraints, withPlaces } from "../../src/config/grants.ts";
import { parseConfig } from "../../src/config/parse.ts";

const can = (yaml: string) => {
  const { config, problems } = parseConfig({
    system: {
      path: "con.yaml",
      text: "system: {front_desk: x}\nmodels: {fast: [builtin/reflex], smart: [builtin/reflex]}\n",
    },
    agents: [
      { path: "agents.d/x.yaml", text: `name: x\ntier: worker\ndescription: d\ncan:\n${yaml}` },
      { path: "agents.d/y.yaml", text: "name: y\ntier: worker\ndescription: d\n" },
    ],
  });
  const agent = config?.agents.find(({ name }) => name === "x");
  return { agent, problems: problems.map(({ key, why }) => `${key} ${why}`) };
};

const at = Date.parse("2027-01-31T09:00:00Z");

test("bounds stand beside the plain lists", () => {
  const { agent, problems } = can(
    [
      "  tools: [read_file, {shell: {per_minute: 6, uses: 20}}]",
      "  task: [{y: {until: 2027-01-31T10:00:00+01:00}}]",
      "  read: [/srv/con/artifacts/a]",
      "  write:",
      "    - /srv/con/artifacts/b/**: {until: 2027-01-31T09:00:00Z}",
      "  network:",
      "    - api.github.com:443: {until: 2027-01-31T09:00:00.500Z}",
      '    - "*:80"',
      "  models: [smart, {fast: {until: 2027-01-31T09:00:00Z}}]",
    ].join("\n"),
  );
  expect(problems).toEqual([]);
  expect(agent?.can).toEqual({
    task: ["y"],
    read: ["/srv/con/artifacts/a"],
    write: ["/srv/con/artifacts/b"],
    network: ["*:80", "api.github.com:443"],
    tools: ["read_file", "shell"],
    models: ["fast", "smart"],
  });
  expect(agent?.constraints).toEqual({
    tools: { shell: { perMinute: 6, uses: 20, until: null } },
    until: {
      "task:y": at,
      "write:/srv/con/artifacts/b": at,
      "network:api.github.com:443": at + 500,
      "models:fast": at,
    },
  });
});

test("memory stands for its tools, each with its bounds", () => {
  const { agent, problems } = can("  tools: [reply, {memory: {per_minute: 9}}, recall]");
  expect(problems).toEqual(["can.tools.2 recall is there twice, with different bounds"]);
  expect(agent).toBeUndefined();
  const whole = can("  tools: [reply, {memory: {per_minute: 9}}]").agent;
  expect(whole?.can.tools).toEqual(["reply", "remember", "recall", "forget", "verify", "memories"]);
  expect(whole?.constraints.tools).toMatchObject({ recall: { perMinute: 9 } });
});

test.each([
  ["tools: [{shell: {uses: 0}}]", "can.tools.0.shell.uses 0 does not fit"],
  ["tools: [{shell: {}}]", "can.tools.0.shell {} does not fit"],
  ["tools: [{shell: null}]", "can.tools.0.shell it has no value"],
  ["tools: [{shell: {often: 1}}]", "can.tools.0.shell.often there is no key often"],
  ["models: [nobody]", "there is no model alias nobody"],
  ["models: [{nobody: {until: 2027-01-31T09:00:00Z}}]", "there is no model alias nobody"],
  ["models: [{fast: {uses: 1}}]", "can.models.0.fast.uses there is no key uses"],
  ["tools: [{sudo: {uses: 1}}]", "can.tools.0.sudo sudo is not a valid name"],
  ["tools: [{shell: {uses: 1}, reply: {uses: 1}}]", "does not fit"],
  ["tools: [{shell: {per_minute: 1.5}}]", "can.tools.0.shell.per_minute 1.5 does not fit"],
  ["tools: [shell, {shell: {uses: 1}}]", "can.tools.1.shell shell is there twice"],
  ["task: [{y: {uses: 1}}]", "can.task.0.y.uses there is no key uses"],
  ["task: [{nobody: {until: 2027-01-31T09:00:00Z}}]", "there is no agent nobody"],
  ["task: [{y: {until: 2027-01-31}}]", "does not fit"],
  ["task: [{y: {until: 2027-01-31T09:00:00}}]", "does not fit"],
  ["task: [{y: {until: 2027-02-31T09:00:00Z}}]", "2027-02-31T09:00:00Z is no time"],
  ["task: [{y: {until: 2027-01-31T24:00:00Z}}]", "is no time"],
  ["network: [{nonsense: {until: 2027-01-31T09:00:00Z}}]", "is not a network target"],
  [
    "write: [/srv/con/artifacts/b, {/srv/con/artifacts/b/**: {until: 2027-01-31T09:00:00Z}}]",
    "/srv/con/artifacts/b is there twice, with different bounds",
  ],
])("%s is refused", (yaml, why) => {
  const { agent, problems } = can(`  ${yaml}\n`);
  expect(agent).toBeUndefined();
  expect(problems.join("\n")).toContain(why);
});

describe("patterns", () => {
  test.each([
    ["/srv/con/artifacts/*", "write /srv/con/artifacts/** for"],
    ["/srv/con/artifacts/x/**/y", "write /srv/con/artifacts/x/** for"],
    ["/srv/con/artifacts/x/pre*", "write /srv/con/artifacts/x/** for"],
    ["/srv/con/artifacts/x?/y", "write /srv/con/artifacts/** for"],
    ["/srv/con/artifacts/{a,b}", "write /srv/con/artifacts/** for"],
    ["/srv/con/artifacts/**/**", "write /srv/con/artifacts/** for"],
    ["/srv/con/artifacts/*.jsonl", "write /srv/con/artifacts/** for"],
    ["/*", "is a pattern"],
    ["*.jsonl", "is not an absolute path"],
    ["*", "is not an absolute path"],
    ["/srv/con/artifacts/x/", "ends with /"],
  ])("%s is refused, with the right form", (text, why) => {
    expect(parseGrant(text, grantRoots.write)).toEqual({ why: expect.stringContaining(why) });
  });

  test("DIR and DIR/** are the same directory", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), (names) => {
        const directory = ["/srv/con/artifacts", ...names].join("/");
        expect(parseGrant(directory, grantRoots.write)).toEqual({ directory });
        expect(parseGrant(`${directory}/**`, grantRoots.write)).toEqual({ directory });
      }),
    );
  });

  test("whatever is accepted lies below a root, and has no way up in it", () => {
    const part = fc.oneof(
      fc.constantFrom("..", ".", "", "*", "**", "a", "x y", "%h", "srv", "con", "artifacts"),
      fc.string({ maxLength: 4 }),
    );
    const rooted = fc
      .array(part, { maxLength: 5 })
      .map((all) => `/srv/con/artifacts/${all.join("/")}`);
    fc.assert(
      fc.property(fc.oneof(rooted, fc.string()), (text) => {
        const grant = parseGrant(text, grantRoots.write);
        if (!("directory" in grant)) return;
        expect(`${grant.directory}/`.startsWith("/srv/con/artifacts/")).toBe(true);
        expect(grant.directory.split("/").slice(1)).not.toContain("..");
        expect(grant.directory).toMatch(/^[A-Za-z0-9._@+/-]+$/);
        expect([grant.directory, `${grant.directory}/**`]).toContain(text);
      }),
    );
  });
});

describe("ends", () => {
  const constraints = {
    tools: { shell: { perMinute: null, uses: null, until: at } },
    until: { "write:/w": at + 1, "task:y": at, "models:adviser": at },
  };
  const all = {
    task: ["y", "z"],
    read: ["/w"],
    write: ["/w"],
    network: [],
    tools: ["shell"],
    models: ["adviser"],
  };

  test("a grant holds before its end, and not at it", () => {
    expect(inForce(all, constraints, at - 1)).toEqual(all);
    const then = { task: ["z"], read: ["/w"], write: ["/w"], network: [], tools: [], models: [] };
    expect(inForce(all, constraints, at)).toEqual(then);
    expect(inForce(all, constraints, at + 1)).toEqual({ ...then, write: [] });
    expect(inForce(all, noConstraints, Infinity)).toEqual(all);
  });

  test("what is to come, in order and once", () => {
    expect(endsAfter(constraints, 0)).toEqual([at, at + 1]);
    expect(endsAfter(constraints, at)).toEqual([at + 1]);
    expect(endsAfter(noConstraints, 0)).toEqual([]);
  });

  test("another place takes its end along", () => {
    const moved = withPlaces(constraints, (path) => `/dev${path}`);
    expect(moved.until).toEqual({ "write:/dev/w": at + 1, "task:y": at, "models:adviser": at });
  });

  test("a time is a time with a zone", () => {
    expect(parseInstant("2028-02-29T23:59:59Z")).toBe(Date.parse("2028-02-29T23:59:59Z"));
    for (const odd of ["2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-01-01T00:00:60Z"])
      expect(parseInstant(odd), odd).toBeNull();
    for (const odd of ["", "tomorrow", "2027-01-01", "2027-01-01T00:00:00", "2027-01-01 00:00:00Z"])
      expect(parseInstant(odd), odd).toBeNull();
  });
});
