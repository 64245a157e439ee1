/** Packages of the allow-list /etc/con/packages.allow, by apt-get. A person's list: nobody adds to it here. */
import { done, refused, type Verb } from "../verb.ts";

export const install: Verb<"install"> = {
  async act(world, { packages }) {
    const { allowed, changes, trouble } = await world.host.install(packages);
    const others = packages.filter((name) => !allowed.includes(name));
    if (others.length > 0) {
      const list = `${world.places.configuration}/packages.allow`;
      return refused(`${others.join(", ")}: not in ${list}: a person adds a line to it`);
    }
    if (trouble !== null) return { ...refused(trouble), status: "failed" };
    return done(changes, null);
  },
};
