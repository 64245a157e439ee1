import { join } from "node:path";
import { expect, test } from "vitest";
import { compileDev, moved } from "../../../src/commands/dev/compile.ts";
import { devPlaces } from "../../../src/commands/shared/places.ts";
import { loadConfigFiles } from "../../../src/config/load.ts";
import { parseConfig } from "../../../src/config/parse.ts";

const profile = join(import.meta.dirname, "../../../configs/default");

function compiled(endpoint: { baseUrl: string; credential: string | null } | null) {
  const { config, problems } = parseConfig(loadConfigFiles(profile));
  expect(problems).toEqual([]);
  if (config === null) throw new Error("no configuration");
  const places = devPlaces("/tmp/d");
  return compileDev(config, { places, uid: 7, socket: "/s", endpoint, assembled: new Map() });
}

test("everything lies in the directory and belongs to one uid", () => {
  const { system, agents } = compiled(null);
  expect(system).toMatchObject({ root: "/tmp/d", frontDesk: "concierge", gateway: "/s" });
  expect(new Set(system.agents.map(({ uid }) => uid))).toEqual(new Set([7]));
  const desk = agents.find(({ name }) => name === "concierge");
  expect(desk?.inboxes).toEqual(["/tmp/d/agents/concierge/inbox", "/tmp/d/inbox"]);
  expect(desk?.trustedUids).toEqual([7]);
  for (const { can } of agents)
    for (const path of [...can.read, ...can.write]) expect(path).toMatch(/^\/tmp\/d\//);
});

test("an endpoint of the environment comes first on every ladder, reflex stays last", () => {
  expect(compiled(null).gateway.models["fast"]?.use).toEqual(["builtin/reflex"]);
  const endpoint = { baseUrl: "http://x/v1", credential: "environment" };
  const { providers, models, callers } = compiled(endpoint).gateway;
  expect(providers["environment"]).toEqual(endpoint);
  for (const { use } of Object.values(models))
    expect([use[0], use.at(-1)]).toEqual(["environment/*", "builtin/reflex"]);
  expect(callers).toMatchObject([{ uid: 7, name: "con-dev", models: ["*"] }]);
});

test("only paths below /srv/con move", () => {
  expect(
    ["/srv/con", "/srv/con/a", "/srv/control", "/etc"].map((path) => moved(path, "/d")),
  ).toEqual(["/d", "/d/a", "/srv/control", "/etc"]);
});
