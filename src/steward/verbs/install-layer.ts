/**
 * A package of con.yaml's list becomes a layer for forged tools: fetched by the installer in a unit of its own, looked at
 * by the steward, laid down read-only. People's list: nobody adds to it here.
 *
 * The request itself is done when a durable record says who wants what; layers/advance.ts has it fetched, laid down and
 * answered, and other requests are served meanwhile. Done again it finds the layer or the record, and changes nothing.
 */
import { failedJustNow } from "../layers/failures.ts";
import { failedOf, listedNow, wholeLayer } from "../layers/look.ts";
import { type Asker, listAsked, writeAsked } from "../layers/orders.ts";
import { type Deed, done, type RequestOf, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

type Request = RequestOf<"install_layer">;

/** Of one user, for one package. */
const mostAsked = 20;

export const installLayer: Verb<"install_layer"> = {
  async act(world, request, { uid, name, kind }, { id }) {
    const isAgent = kind === "agent";
    const listed = listedNow(world, request);
    if (!listed.ok) return listed.deed;
    if (wholeLayer(world, listed.entry) !== null) return done([], null);
    if (isAgent && failedJustNow(world, request, id)) return failedOf(request, isAgent, "");
    return wait(world, request, { id, uid, name, isAgent });
  },
};

/** Whoever asks for what is being fetched already waits for the same. */
function wait(world: StewardWorld, { language, package: name }: Request, asker: Asker): Deed {
  const all = listAsked(world);
  const before = all.find((one) => one.package === name && one.language === language);
  const askers = before?.askers ?? [];
  if (!askers.some(({ id }) => id === asker.id)) {
    if (askers.filter(({ uid }) => uid === asker.uid).length >= mostAsked)
      return refused(`${name}: ${asker.name} asked for it ${mostAsked} times: wait for an answer`);
    const turn = 1 + Math.max(0, ...all.map((one) => one.turn));
    const fresh = { version: 1, language, package: name, turn, looks: 0, askers } as const;
    writeAsked(world, { ...(before ?? fresh), askers: [...askers, asker] });
  }
  const changes = [`${name} is being fetched: the answer comes when it is laid down, or failed`];
  return { status: "held", error: null, changes, undo: null };
}
