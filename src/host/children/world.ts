/** What a plan is made of at this moment: what bootstrap accepted, and the temporary agents of the records. Pure. */
import type { Accepted } from "../accepted.ts";
import { type Family, type Laid, layChildren } from "../children.ts";
import type { World } from "../world.ts";

export type Moment = Pick<World, "now" | "formerGrants" | "holds" | "people"> &
  Omit<Family, "registry" | "now">;

export function worldOf(
  { world: base, roles }: Accepted,
  { spawns, without = new Set(), ...moment }: Moment,
): { readonly world: World; readonly laid: Laid } {
  const { config, registry } = base;
  const laid = layChildren(config, { spawns, without, registry, now: moment.now });
  const texts = laid.config.agents.flatMap(({ name, roles: [role = ""] }) => {
    const assembled = laid.children.has(name) ? roles.get(role) : undefined;
    return assembled === undefined ? [] : [[name, assembled] as const];
  });
  const world: World = {
    ...base,
    ...moment,
    config: laid.config,
    children: laid.children,
    registry: { ...registry, ...laid.uids },
    assembled: new Map([...base.assembled, ...texts]),
  };
  return { world, laid };
}
