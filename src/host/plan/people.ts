/** Which users and groups there should be, and the sysusers.d(5) file that makes them. Pure. */
import type { Config } from "../../config/types.ts";
import type { PersonFact } from "../facts.ts";
import { browserUser, checkUser, gatewayUser, layerUser, serviceGroups, userOf } from "../ids.ts";
import { agentBase } from "../paths.ts";
import type { Registry } from "../registry.ts";

/** `names` are the agents that get a user: configured ones and those deployed earlier. */
export function planPeople(
  names: readonly string[],
  registry: Registry,
  system: Config["system"],
): PersonFact[] {
  const groups = (["agents", "trusted"] as const).map((name) => group(name, serviceGroups[name]));
  const gateway = service(gatewayUser, serviceGroups[gatewayUser], "con model gateway");
  const check = service(checkUser.name, checkUser.id, "con contract checks");
  const browser = service(browserUser.name, browserUser.id, "con browser");
  const layer = service(layerUser.name, layerUser.id, "con installer of packages");
  const agents = names.map(
    (name): PersonFact => ({
      kind: "user",
      name: userOf(name),
      id: registry[name] ?? 0,
      groups: ["agents"],
      // No colon or quote can be in either name, so the line stays one record.
      description: `con agent ${name} of ${system.name}`,
      home: `${agentBase(name)}/workspace`,
    }),
  );
  return [...groups, gateway, check, browser, layer, ...agents];
}

const service = (name: string, id: number, description: string): PersonFact => ({
  kind: "user",
  name,
  id,
  groups: [],
  description,
  home: "/",
});

const group = (name: string, id: number): PersonFact => ({
  kind: "group",
  name,
  id,
  groups: [],
  description: "",
  home: "",
});

export function sysusersText(people: readonly PersonFact[]): string {
  const lines = people.flatMap((one) =>
    one.kind === "group"
      ? [`g ${one.name} ${one.id}`]
      : [
          `u ${one.name} ${one.id} "${one.description}" ${one.home} /usr/sbin/nologin`,
          ...one.groups.map((name) => `m ${one.name} ${name}`),
        ],
  );
  return `# Made by con bootstrap; see sysusers.d(5). Uids come from /var/lib/con/uids.json.\n${lines.join("\n")}\n`;
}
