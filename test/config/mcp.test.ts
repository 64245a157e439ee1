/** `mcp:` of a manifest: programs and addresses, and what is refused before anything is started. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { childMcp, isReached, mcpCredentials } from "../../src/config/mcp.ts";
import { parseConfig } from "../../src/config/parse.ts";

const head = "name: concierge\ntier: operator\ndescription: front desk\n";

const system = {
  path: "con.yaml",
  text: "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n",
};

function parse(manifest: string) {
  const { config, problems } = parseConfig({
    system,
    agents: [{ path: "agents.d/concierge.yaml", text: `${head}${manifest}` }],
  });
  return { agent: config?.agents[0], why: problems.map(({ key, why }) => `${key}: ${why}`) };
}

const network = "can: {network: ['mcp.example:443', '10.0.0.0/8:8000']}\n";

test("a program and an address, with defaults", () => {
  const { agent, why } = parse(
    `${network}mcp:
  files: {command: [/usr/bin/node, /opt/x.mjs], env: {LEVEL: low}, credentials: {API_KEY: wiki}}
  wiki: {url: 'https://mcp.example/mcp', headers: {X-Team: a}, timeout_seconds: 5}
  near: {url: 'http://10.1.2.3:8000/'}
`,
  );
  expect(why).toEqual([]);
  expect(agent?.mcp).toMatchObject({
    files: {
      ...{ kind: "command", command: ["/usr/bin/node", "/opt/x.mjs"], env: { LEVEL: "low" } },
      ...{ credentials: { API_KEY: "wiki" }, timeoutSeconds: 60 },
    },
    wiki: { kind: "url", headers: { "X-Team": "a" }, credentials: {}, timeoutSeconds: 5 },
  });
  expect(mcpCredentials(agent ?? {})).toEqual(["wiki"]);
  expect(childMcp(agent?.mcp, ["shell", "mcp.wiki.search"])).toEqual({
    mcp: { wiki: agent?.mcp?.["wiki"] },
  });
  expect(childMcp(agent?.mcp, ["shell"])).toEqual({});
});

test("the example of docs/mcp.md is one", () => {
  const [, text = ""] = /```yaml\n([\s\S]*?)```/.exec(readFileSync("docs/mcp.md", "utf8")) ?? [];
  const { config, problems } = parseConfig({
    system,
    agents: [
      { path: "agents.d/concierge.yaml", text: head },
      { path: "agents.d/scribe.yaml", text },
    ],
  });
  expect(problems).toEqual([]);
  expect(config?.agents.map(({ mcp }) => Object.keys(mcp ?? {}))).toEqual([[], ["files", "wiki"]]);
});

describe("refused:", () => {
  test.each([
    ["neither", "{}", "a server is a program or an address"],
    ["both", "{command: [/x], url: 'https://mcp.example/'}", "a server is a program or an address"],
    ["a relative program", "{command: [node]}", '"node" does not fit'],
    ["headers of a program", "{command: [/x], headers: {A: b}}", "headers says nothing"],
    ["another scheme", "{url: 'file:///x'}", "no address of a server"],
    ["a name in it", "{url: 'https://me:pw@mcp.example/'}", "no address of a server"],
    ["what no grant reaches", "{url: 'https://other.example/'}", "can.network does not reach"],
    ["another port", "{url: 'https://mcp.example:444/'}", "can.network does not reach"],
    [
      "a key without TLS",
      "{url: 'http://10.1.2.3:8000/', credentials: {Authorization: k}}",
      "its key would go without TLS",
    ],
    [
      "a program of the agent with a key",
      "{command: [/usr/bin/node, /srv/con/agents/concierge/workspace/x.mjs], credentials: {K: k}}",
      "what lies there would get a key",
    ],
  ])("%s", (_, server, expected) => {
    const { agent, why } = parse(`${network}mcp: {x: ${server}}\n`);
    expect(why.join("\n")).toContain(expected);
    expect(agent).toBeUndefined();
  });

  test("a grant of a server that is nowhere", () => {
    expect(parse("can: {tools: [mcp.x.y]}\n").why.join()).toContain("mcp has no server x");
  });
});

test("a target is reached by the same one, by a range, or by any of its port", () => {
  expect(isReached(["a.example:443"], "a.example:443")).toBe(true);
  expect(isReached(["A.example:443"], "a.example:443")).toBe(true);
  expect(isReached(["*:443"], "a.example:443")).toBe(true);
  expect(isReached(["*:80"], "a.example:443")).toBe(false);
  expect(isReached(["10.0.0.0/8:1"], "10.9.9.9:1")).toBe(true);
  expect(isReached(["10.0.0.0/8:1"], "11.9.9.9:1")).toBe(false);
  expect(isReached(["[fd00::/8]:1"], "[fd12::1]:1")).toBe(true);
});
