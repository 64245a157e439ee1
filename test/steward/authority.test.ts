/** Who may ask for what, of whom: an agent by its compiled manifest, by what it commissioned, and by who stopped whom. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { noMay } from "../../src/config/authority.ts";
import { type Hold, holdFile } from "../../src/config/holds.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { May } from "../../src/config/types.ts";
import { type Commission, commissionFile } from "../../src/host/commissions.ts";
import { askerOf, refusalOf } from "../../src/steward/authority.ts";
import type { Requester } from "../../src/steward/policy.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import { agentRuntime } from "../support/agent-runtime.ts";
import { wish } from "./household.ts";
import { makePlaces, makeWorld, newMachine } from "./support.ts";

const admin: Requester = { uid: 20_000, name: "a-admin", kind: "agent" };
const ann: Requester = { uid: 1000, name: "ann", kind: "trusted" };

interface Parts {
  /** What root compiled of admin; null = it is not deployed. */
  readonly runtime?: Partial<AgentRuntime> | null;
  /** Whom admin commissioned, and since when it is retired. */
  readonly own?: Readonly<Record<string, string | null>>;
  readonly holds?: Readonly<Record<string, Pick<Hold, "by" | "over">>>;
}

function worldOf({ runtime = {}, own = {}, holds = {} }: Parts = {}): StewardWorld {
  const places = makePlaces();
  mkdirSync(places.commissions);
  const by = { uid: 20_000, name: "a-admin", agent: "admin" };
  for (const [agent, retired] of Object.entries(own)) {
    const commission: Commission = { version: 1, agent, by, request: "", at: "", retired };
    writeFileSync(join(places.commissions, commissionFile(agent)), JSON.stringify(commission));
  }
  for (const [agent, held] of Object.entries(holds)) {
    const hold: Hold = {
      ...{ version: 1, kind: "quarantined", at: "", why: "", incident: null },
      ...held,
    };
    writeFileSync(join(places.holds, holdFile(agent)), JSON.stringify(hold));
  }
  const compiled = runtime === null ? null : agentRuntime({ name: "admin", ...runtime });
  return {
    ...makeWorld(places, newMachine()),
    agents: () => [
      { name: "drone", tier: "worker", uid: 20_001 },
      { name: "admin", tier: "operator", uid: 20_000 },
    ],
    runtime: (name) => (name === "admin" ? compiled : null),
  };
}

const may = (request: readonly string[], task: readonly string[] = []): May => ({
  request,
  grant: { ...noMay.grant, task },
});

const why = (parts: Parts, request: object, by: Requester = admin): string | null =>
  refusalOf(worldOf(parts), by, wish(request));

describe("who asks", () => {
  test("is the deployed agent of that uid", () => {
    expect(askerOf(worldOf(), admin)).toBe("admin");
    expect(askerOf(worldOf(), { ...admin, uid: 20_001 })).toBe("drone");
  });

  test("is no agent where the uid is of one that is gone, or a person has it", () => {
    expect(askerOf(worldOf(), { ...admin, uid: 20_009 })).toBeNull();
    expect(askerOf(worldOf(), { ...admin, kind: "trusted" })).toBeNull();
  });
});

describe("people", () => {
  test("of group trusted may ask for anything about any agent", () => {
    const holds = { drone: { by: { uid: 0, name: "root" } } };
    for (const verb of ["pause", "resume", "quarantine", "amend", "retire", "grant", "revoke"])
      expect(why({ holds }, { verb, agent: "drone" }, ann)).toBeNull();
  });

  test("of no group may ask for nothing", () => {
    const other: Requester = { uid: 1001, name: "bob", kind: "other" };
    expect(why({}, { verb: "pause", agent: "drone" }, other)).toContain("usermod -aG trusted bob");
  });
});

describe("the verbs of an agent", () => {
  const request = { verb: "commission", manifest: "" };
  const refused = "a-admin may not ask for commission: its may.request does not name it";

  test("are those of its compiled may.request", () => {
    expect(why({ runtime: { may: may(["commission"]) } }, request)).toBeNull();
    expect(why({ runtime: { may: may(["amend"]) } }, request)).toContain(refused);
  });

  test("are none where it is not deployed any more, or its uid is nobody's", () => {
    const gone: Requester = { ...admin, uid: 20_009 };
    expect(why({ runtime: { may: may(["commission"]) } }, request, gone)).toContain(refused);
    for (const verb of ["commission", "spawn", "propose", "share_tool", "review", "install_layer"])
      expect(why({ runtime: null }, { verb })).toContain(`a-admin may not ask for ${verb}: `);
  });

  const others = ["spawn", "propose", "share_tool", "review", "install_layer"];

  test.each(others)("%s is not one that may.request can give", (verb) => {
    const asked = why({ runtime: { may: { ...may(others), propose: [] } } }, { verb });
    expect(asked).toContain(`a-admin may not ask for ${verb}: `);
    expect(why({ runtime: {} }, { verb })).toBe(asked);
  });

  const tools = (...names: string[]) => ({ can: { ...agentRuntime().can, tools: names } });
  test.each<[string, Partial<AgentRuntime>, readonly string[]]>([
    ["can.spawn", { spawn: { roles: [], depth: 1, live: 1 } }, ["spawn"]],
    ["may.propose", { may: { ...noMay, propose: ["skills"] } }, ["propose", "share_tool"]],
    ["the tool review_change", tools("shell", "review_change"), ["review"]],
    ["the tool forge_tool", tools("forge_tool"), ["install_layer"]],
  ])("%s gives what it is for, and nothing else", (_, runtime, verbs) => {
    expect(others.filter((verb) => why({ runtime }, { verb }) === null)).toEqual(verbs);
  });
});

describe("about an agent that it commissioned", () => {
  const own = { scribe: null };
  const all = ["pause", "resume", "kill_session", "quarantine", "amend", "retire"];
  const verbs = [...all, "grant", "revoke"];
  const runtime = { may: may(verbs) };

  test.each(verbs)("it may ask for %s", (verb) => {
    expect(why({ own, runtime }, { verb, agent: "scribe" })).toBeNull();
  });

  test("it may not ask for a verb that its manifest does not name", () => {
    const request = { verb: "retire", agent: "scribe" };
    const refused = "its may.request does not name it";
    expect(why({ own, runtime: { may: may(["pause"]) } }, request)).toContain(refused);
  });

  test("it may ask for nothing once that one is retired, whoever has the name now", () => {
    const request = { verb: "amend", agent: "scribe" };
    expect(why({ own: { scribe: "2027-01-01" }, runtime }, request)).not.toBeNull();
  });
});

describe("about an agent that somebody else made", () => {
  const remedy = "ask a person (root or group trusted)";

  test.each(["amend", "retire", "grant", "revoke"])(
    "%s is refused, whatever it reaches",
    (verb) => {
      const runtime = { may: may([verb], ["*", "drone"]) };
      expect(why({ own: { scribe: null }, runtime }, { verb, agent: "drone" })).toBe(
        `a-admin may not ask for ${verb} of drone: it did not commission it: ${remedy}`,
      );
    },
  );

  test.each(["pause", "resume", "kill_session", "quarantine"])(
    "%s needs may.grant.task",
    (verb) => {
      const of = (task: readonly string[]) =>
        why({ runtime: { may: may([verb], task) } }, { verb, agent: "drone" });
      expect([of(["drone"]), of(["*"])]).toEqual([null, null]);
      expect(of(["desk"])).toBe(
        `a-admin may not ask for ${verb} of drone: may.grant.task does not name it: ${remedy}`,
      );
      expect(of([])).toBe(of(["desk"]));
    },
  );
});

describe("about itself", () => {
  const verbs = ["amend", "retire", "revoke", "pause", "resume", "kill_session", "quarantine"];

  test("it may ask for grants, which people decide", () => {
    const runtime = { may: may(["grant"]) };
    expect(why({ runtime }, { verb: "grant", agent: "admin" })).toBeNull();
  });

  test.each(verbs)("%s is refused, also where may.grant.task names it", (verb) => {
    const runtime = { may: may(verbs, ["*", "admin"]) };
    expect(why({ runtime }, { verb, agent: "admin" })).toContain(`not ask for ${verb} of admin`);
  });
});

describe("what is stopped", () => {
  const itself = { uid: 20_000, name: "a-admin" };
  const root = { uid: 0, name: "root" };
  const runtime = { may: may(["resume", "pause"], ["drone"]) };
  const resume = (agent: string, held: Pick<Hold, "by" | "over">) =>
    why({ own: { scribe: null }, runtime, holds: { [agent]: held } }, { verb: "resume", agent });
  const refused = (agent: string) =>
    `a-admin may not let ${agent} go: root stopped it: ask who did, or a person`;

  test.each(["drone", "scribe"])("by somebody else, it does not let go: %s", (agent) => {
    expect(resume(agent, { by: root })).toBe(refused(agent));
  });

  test.each(["drone", "scribe"])("by itself, it lets go: %s", (agent) => {
    expect(resume(agent, { by: itself })).toBeNull();
    expect(resume(agent, { by: itself, over: itself })).toBeNull();
  });

  test("by somebody else first, it does not let go by stopping it harder itself", () => {
    expect(resume("drone", { by: itself, over: root })).toBe(refused("drone"));
    expect(resume("drone", { by: root, over: itself })).toBe(refused("drone"));
  });

  test("by a note that is damaged, it does not let go", () => {
    const world = worldOf({ runtime });
    writeFileSync(join(world.places.holds, holdFile("drone")), "{");
    expect(refusalOf(world, admin, wish({ verb: "resume", agent: "drone" }))).toBe(
      refused("drone"),
    );
  });

  test("is no matter for what does not let it go", () => {
    const holds = { drone: { by: root }, scribe: { by: root } };
    const parts = { own: { scribe: null }, runtime, holds };
    for (const agent of ["drone", "scribe"])
      expect(why(parts, { verb: "pause", agent })).toBeNull();
  });
});
