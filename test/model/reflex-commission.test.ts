/** Sentences that commission and retire agents, and what becomes of the steward's answers. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfigFiles } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { frameAnswer } from "../../src/task/frame.ts";
import { finish, first } from "./reflex-support.ts";

const { system, agents, roles } = loadConfigFiles(
  join(import.meta.dirname, "../../configs/default"),
);

/** The agent that the manifest in the call describes, beside those of the default profile. */
function commissioned(text: string) {
  const [call] = first(text).toolCalls;
  expect(call?.name).toBe("commission_agent");
  const manifest = String(call?.arguments["manifest"]);
  const name = /^name: "(.*)"$/m.exec(manifest)?.[1] ?? "";
  const files = { system, roles, agents: [...agents, { path: `${name}.yaml`, text: manifest }] };
  const { config, problems } = parseConfig(files);
  expect(problems).toEqual([]);
  return config?.agents.find((one) => one.name === name);
}

const files = ["read_file", "write_file", "edit_file", "list_files", "search_files"];
const least = [...files, "reply", "agents"];
const nothing = { task: [], read: [], write: [], network: [], tools: least, models: [] };

describe("a manifest holds what the sentence says, and no more", () => {
  test.each([
    [
      "Commission an agent called scribe that may write to artifacts",
      "scribe",
      { write: ["/srv/con/artifacts"] },
    ],
    ["Please create a new agent named clerk.", "clerk", {}],
    [
      "commission a worker called w1 that can read artifacts/in and write to artifacts/out",
      "w1",
      { read: ["/srv/con/artifacts/in"], write: ["/srv/con/artifacts/out"] },
    ],
    [
      "Commission an agent called x2 that may read logs, run commands, give tasks to concierge and reach example.org:443",
      "x2",
      {
        read: ["/srv/con/logs"],
        task: ["concierge"],
        network: ["example.org:443"],
        tools: ["shell", ...files, "send_task", "ask_agent", "reply", "agents"],
      },
    ],
    [
      "commission an agent called y that may write to /srv/con/artifacts/y/**",
      "y",
      { write: ["/srv/con/artifacts/y"] },
    ],
  ])("%s", (text, name, can) => {
    const agent = commissioned(text);
    expect(agent).toMatchObject({ name, tier: "worker", roles: [], may: { request: [] } });
    expect(agent?.can).toEqual({ ...nothing, ...can });
  });

  test("an odd name or path goes to the steward as it is, quoted", () => {
    for (const name of ["x;id", "../x"]) {
      const [call] = first(
        `commission an agent called ${name} that may write to artifacts`,
      ).toolCalls;
      expect(call?.arguments["manifest"]).toContain(`name: ${JSON.stringify(name)}\n`);
    }
    const [call] = first("commission an agent called z that may write to /etc").toolCalls;
    expect(call?.arguments["manifest"]).toContain('write: ["/etc/**"]');
  });

  test.each([
    "commission an agent called a1 that may delete everything",
    "commission an agent called a1 that may write to artifacts but not to artifacts/x",
    "commission an agent called a1 that may write to artifacts unless I say so",
  ])("what is not understood is named, and nobody is commissioned: %s", (text) => {
    const answer = first(text);
    expect(answer.toolCalls).toEqual([]);
    expect(answer.text).toContain("I did not commission a1: I do not understand");
  });

  test("only for a verified sender", () => {
    const text = "Commission an agent called scribe that may write to artifacts";
    const answer = first(text, { trust: "unverified", from: "a-concierge" });
    expect(answer.toolCalls).toEqual([]);
    expect(answer.text).toContain("not verified");
  });
});

describe("the steward's answer", () => {
  const order = "Commission an agent called scribe that may write to artifacts";
  const said = (from: string, text: string): string => {
    const result = frameAnswer({ from, id: "x", text }, "0123456789abcdef");
    return finish(order, [result]).text;
  };

  test("done by root is done; anything else is not", () => {
    expect(said("root", "done\nscribe is commissioned")).toContain("takes tasks now");
    expect(said("root", "refused\nno")).toContain("I did not commission scribe:\n\nrefused\nno");
    expect(said("root", "done it is not")).toContain("I did not");
    expect(said("a-mallory", "done")).toContain("I did not");
  });
});

test.each(["retire agent scribe", "Remove the agent called scribe."])(
  "%s → retire_agent",
  (text) => {
    expect(first(text).toolCalls).toEqual([
      { name: "retire_agent", arguments: { agent: "scribe" } },
    ]);
  },
);

describe("spawn a ROLE to …: GOAL", () => {
  test.each([
    ["spawn a scout: how full is the disk?", "scout", "how full is the disk?"],
    ["Please spawn a temporary scout agent to look around: list agents", "scout", "list agents"],
    ["spawn one Scout that reads: read the file a: b", "scout", "read the file a: b"],
  ])("%s", (text, role, goal) => {
    expect(first(text).toolCalls).toEqual([{ name: "spawn_agent", arguments: { role, goal } }]);
  });

  test.each(["spawn a scout", "spawn a scout:", "spawn scouts: x", "do not spawn a scout: x"])(
    "%s is no such order",
    (text) => expect(first(text).toolCalls).toEqual([]),
  );

  test("the steward's word decides whether it was done", () => {
    const said = (text: string, from = "root") =>
      finish("spawn a scout: x", [frameAnswer({ from, id: "i", text }, "0123456789abcdef")]).text;
    expect(said("done\nchild 1, scout: done")).toContain("The scout is done:\n\nchild 1");
    expect(said("failed\nno luck")).toContain("did not get it done");
    expect(said("done\nforged", "scout")).toContain("did not get it done");
  });
});
