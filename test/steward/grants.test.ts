/** Entries of a manifest's `can`, put in and taken out of its text, which stays a person's. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Edited, withGrants, withoutAgent, withoutGrants } from "../../src/steward/grants.ts";
import { undoGrants } from "../../src/steward/undo.ts";

const now = Date.parse("2027-01-01T00:00:00Z");
const text = (edited: Edited): string | null => {
  if (!edited.ok) throw new Error(edited.why);
  return edited.text;
};
const why = (edited: Edited): string => (edited.ok ? "" : edited.why);

const manifest = `# Ours since spring
name: scribe
tier: worker   # for now
description: Writes
can:
  # Nothing else!
  write: [/srv/con/artifacts/pub/**]   # the public part
  tools:
    - write_file
    - shell: {uses: 3}   # careful
`;

describe("a grant", () => {
  it("is added where its list is, and every comment stays", () => {
    const after = text(
      withGrants(manifest, { write: ["/srv/con/artifacts/x"], network: ["h:443"] }, now),
    );
    for (const [comment] of manifest.matchAll(/#.*$/gm)) expect(after).toContain(comment);
    expect(parse(after ?? "").can).toEqual({
      write: ["/srv/con/artifacts/pub/**", "/srv/con/artifacts/x"],
      tools: ["write_file", { shell: { uses: 3 } }],
      network: ["h:443"],
    });
  });

  it("has its bounds, and `for` counts from the moment at which it is granted", () => {
    const can = { network: [{ "h:443": { for: "90s" } }], tools: [{ reply: { per_minute: 2 } }] };
    expect(parse(text(withGrants("name: x\n", can, now + 1)) ?? "").can).toEqual({
      network: [{ "h:443": { until: "2027-01-01T00:01:31.000Z" } }],
      tools: [{ reply: { per_minute: 2 } }],
    });
  });

  it.each(["can:\n", "can: {}\n", "can: {tools: }\n", "can: {tools: []}\n"])(
    "finds its place in %j",
    (can) => {
      const after = text(withGrants(`name: x\n${can}`, { tools: ["shell"] }, now));
      expect(parse(after ?? "")).toEqual({ name: "x", can: { tools: ["shell"] } });
    },
  );

  it("that is there already, or is less than what is there, changes nothing", () => {
    expect(text(withGrants(manifest, { write: ["/srv/con/artifacts/pub"] }, now))).toBeNull();
    const less = { tools: [{ write_file: { uses: 1 } }, { shell: { uses: 2 } }] };
    expect(text(withGrants(manifest, less, now))).toBeNull();
  });

  it("that is more takes the place of what is there; where neither is, nothing is guessed", () => {
    const more = text(withGrants(manifest, { tools: [{ shell: { uses: 9 } }] }, now));
    expect(parse(more ?? "").can.tools).toEqual(["write_file", { shell: { uses: 9 } }]);
    const all = text(withGrants(manifest, { tools: ["shell"] }, now));
    expect(parse(all ?? "").can.tools).toEqual(["write_file", "shell"]);
    const other = withGrants(manifest, { tools: [{ shell: { uses: 9, per_minute: 1 } }] }, now);
    expect(why(other)).toContain('can.tools: "shell" is there with other bounds');
  });

  it("that has ended stands in nobody's way", () => {
    const over = "can: {tools: [{shell: {until: 2026-12-31T23:00:00Z}}]}\n";
    const after = text(withGrants(over, { tools: [{ shell: { uses: 1 } }] }, now));
    expect(parse(after ?? "").can.tools).toEqual([{ shell: { uses: 1 } }]);
  });

  it.each([
    "can:\n  read: &d [/srv/con/artifacts/a]\n  write: *d\n",
    "x: &c {read: []}\ncan: *c\n",
    "can: &c {read: []}\n",
  ])("never reaches a list that others share: %j", (shared) => {
    const asked = { read: ["/srv/con/artifacts/b"], write: ["/srv/con/artifacts/b"] };
    expect(why(withGrants(shared, asked, now))).toContain("anchor");
    expect(why(withoutGrants(shared, { read: ["/srv/con/artifacts/a"] }))).toContain("anchor");
  });
});

it("what is taken out is gone with its bounds, however it was spelt", () => {
  const after = text(
    withoutGrants(manifest, { tools: ["shell"], write: ["/srv/con/artifacts/pub"] }),
  );
  expect(parse(after ?? "").can).toEqual({ write: [], tools: ["write_file"] });
  expect(text(withoutGrants(manifest, { tools: ["reply"] }))).toBeNull();
});

it("an agent that is no more is taken out of shared lists too", () => {
  expect(withoutAgent("x: &t [a, b]\ncan: {task: *t}\n", "b")).toBeNull();
  expect(parse(withoutAgent("can: {task: &t [a, b]}\n", "b") ?? "").can.task).toEqual(["a"]);
  expect(withoutAgent("can: {task: [a]}\n", "b")).toBeNull();
});

describe("the way back", () => {
  it("names what was given, and gives what was taken, each with its bounds", () => {
    const after = text(withGrants(manifest, { tools: ["shell"], network: ["*:443"] }, now)) ?? "";
    expect(undoGrants("scribe", manifest, after, now)).toBe(
      "con agent revoke scribe --network '*:443' --tool shell && con agent grant scribe --tool shell --uses 3",
    );
    expect(undoGrants("scribe", manifest, manifest, now)).toBeNull();
  });

  it("from any grant is the manifest as it was", () => {
    const bounds = fc.record({ uses: fc.integer({ min: 1, max: 3 }) }, { requiredKeys: [] });
    const tool = fc.constantFrom("shell", "reply", "write_file", "agents");
    const entry = fc
      .tuple(tool, bounds)
      .map(([name, of]) => (Object.keys(of).length === 0 ? name : { [name]: of }));
    const lists = fc.uniqueArray(entry, { selector: (one) => JSON.stringify(one), maxLength: 3 });
    fc.assert(
      fc.property(lists, lists, (before, wanted) => {
        const old = `can: {tools: ${JSON.stringify(once(before))}}\n`;
        const edited = withGrants(old, { tools: once(wanted) }, now);
        if (!edited.ok || edited.text === null) return;
        const given = names(edited.text).filter((name) => !names(old).includes(name));
        const back = given.length === 0 ? edited.text : without(edited.text, given);
        expect(names(back)).toEqual(names(old));
        // Nothing was narrowed on the way.
        for (const name of names(old))
          expect(usesOf(edited.text, name)).toBeGreaterThanOrEqual(usesOf(old, name));
      }),
    );
  });
});

type Entry = string | Readonly<Record<string, { readonly uses?: number }>>;
const nameOf = (entry: Entry): string =>
  typeof entry === "string" ? entry : (Object.keys(entry)[0] ?? "");
const once = (entries: readonly Entry[]): Entry[] =>
  entries.filter((one, at) => entries.findIndex((two) => nameOf(two) === nameOf(one)) === at);
const entriesIn = (manifestText: string): Entry[] => parse(manifestText).can.tools;
const names = (manifestText: string): string[] => entriesIn(manifestText).map(nameOf);
const without = (manifestText: string, tools: string[]): string =>
  text(withoutGrants(manifestText, { tools })) ?? "";
function usesOf(manifestText: string, name: string): number {
  const entry = entriesIn(manifestText).find((one) => nameOf(one) === name);
  return typeof entry === "object" ? (entry[name]?.uses ?? Infinity) : Infinity;
}
