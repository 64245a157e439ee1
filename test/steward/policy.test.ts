/** Who asks, by the owner of a request's file, and the words in which each is refused. */
import { describe, expect, test } from "vitest";
import { parsePeople } from "../../src/host/ids.ts";
import { type Requester, refusal, requesterOf } from "../../src/steward/policy.ts";
import type { StewardVerb } from "../../src/steward/types.ts";

const people = parsePeople(
  "root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n",
  "trusted:x:19991:ann\nagents:x:19990:a-new\n",
);

describe("who asks", () => {
  test("has the name of the user database, root always root's", () => {
    expect(requesterOf(1000, people, {})).toEqual({ uid: 1000, name: "ann", kind: "trusted" });
    expect(requesterOf(0, people, {})).toEqual({ uid: 0, name: "root", kind: "root" });
    const renamed = parsePeople("boss:x:0:0::/:/bin/sh\n", "");
    expect(requesterOf(0, renamed, {})).toEqual({ uid: 0, name: "root", kind: "root" });
  });

  test("has a number where nobody has that uid, and is still an agent where one had it", () => {
    expect(requesterOf(4242, people, {})).toEqual({ uid: 4242, name: "uid 4242", kind: "other" });
    const gone = { uid: 20_777, name: "uid 20777", kind: "agent" };
    expect(requesterOf(20_777, people, { gone: 20_777 })).toEqual(gone);
  });

  test("is an agent by group agents alone, and nobody is where there is no such group", () => {
    const users = "a-new:x:20001:20001::/:/bin/false\n";
    const kind = (groups: string) => requesterOf(20_001, parsePeople(users, groups), {}).kind;
    expect(kind("trusted:x:19991:a-new\nagents:x:19990:a-new\n")).toBe("agent");
    expect(kind("trusted:x:19991:a-new\n")).toBe("trusted");
    expect(kind("")).toBe("other");
  });
});

const root: Requester = { uid: 0, name: "root", kind: "root" };
const ann: Requester = { uid: 1000, name: "ann", kind: "trusted" };
const bob: Requester = { uid: 1001, name: "bob", kind: "other" };
const desk: Requester = { uid: 20_000, name: "a-desk", kind: "agent" };

describe("an agent", () => {
  const no: readonly [StewardVerb, readonly string[], string][] = [
    ["pause", ["resume"], "its may.request does not name it"],
    ["approve", ["approve"], "its may.request does not name it"],
    ["install_layer", ["pause"], "its can.tools has no forge_tool"],
    ["review", ["propose"], "its can.tools has no review_change"],
    ["propose", ["review"], "its manifest has no may.propose"],
    ["share_tool", ["share_tool"], "its manifest has no may.propose"],
    ["spawn", ["propose"], "its manifest has no can.spawn"],
  ];

  test.each(no)("is refused %s, and told which key and whom to ask", (verb, may, why) => {
    const words = `a-desk may not ask for ${verb}: ${why}: tell a person`;
    expect(refusal(desk, verb, may)).toBe(words);
    expect(refusal(desk, verb)).toBe(words);
  });

  test.each<[StewardVerb, string]>([
    ["pause", "pause"],
    ["install_layer", "install_layer"],
    ["review", "review"],
    ["propose", "propose"],
    ["share_tool", "propose"],
    ["spawn", "spawn"],
  ])("may ask for %s by what its manifest gives for it: %s", (verb, given) => {
    expect(refusal(desk, verb, [given])).toBeNull();
  });

  test("may always ask whether a call may be made, which people decide", () => {
    expect(refusal(desk, "ask_approval")).toBeNull();
  });
});

describe("people", () => {
  const never: readonly [StewardVerb, string][] = [
    ["spawn", "only agents do: make one that stays with con agent add"],
    ["propose", "only agents do: edit the files, or con skill add"],
    ["share_tool", "only agents do: edit the files, or con skill add"],
    ["review", "only agents do: con approvals"],
  ];

  test.each(never)("do not ask for %s, and are told what to do instead", (verb, why) => {
    for (const by of [root, ann, bob])
      expect(refusal(by, verb, [verb, "propose"])).toBe(
        `${by.name} may not ask for ${verb}: ${why}`,
      );
  });

  test.each<StewardVerb>(["pause", "approve", "rollback", "install_layer", "remove_layer"])(
    "of group trusted and root may ask for %s, others are told how",
    (verb) => {
      expect([refusal(root, verb), refusal(ann, verb)]).toEqual([null, null]);
      const why = "only root and members of group trusted may";
      const how = "join the group (usermod -aG trusted bob)";
      expect(refusal(bob, verb, [verb])).toBe(`bob may not ask for ${verb}: ${why}: ${how}`);
    },
  );

  test("of no group may not even ask whether a call may be made", () => {
    expect(refusal(bob, "ask_approval", ["ask_approval"])).toContain("usermod -aG trusted bob");
  });
});
