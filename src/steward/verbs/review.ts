/**
 * A reviewing agent reads what was proposed, or says its word: the owner of the request, as the kernel says, on the question
 * whose id it names. One agent's word is one approval, and no second one counts beside it.
 */
import { decide } from "../approvals/decide.ts";
import { look } from "../approvals/look.ts";
import { readApproval } from "../approvals/store.ts";
import { askerOf } from "../authority.ts";
import { materialOf, refusalOfReviewer } from "../proposals/reviewers.ts";
import { done, refused, type Verb } from "../verb.ts";

export const review: Verb<"review"> = {
  async act(world, { approval: id, verdict, why }, by, { perform }) {
    const name = askerOf(world, by);
    if (name === null) return refused(`${by.name} is no agent: people decide: con approvals`);
    const found = readApproval(world.disk, world.places.approvals, id);
    if (found === null) return refused(`${id}: nothing of that id waits`);
    const objection = refusalOfReviewer(world, name, found);
    if (objection !== null) return refused(objection);
    // Nobody agrees to what it cannot have read.
    const material = materialOf(found);
    if (material === null) return refused(`${id}: it is too long for a model: people look at it`);
    if (verdict !== null) return decide(world, { kind: verdict, id, why }, by, perform, "reviewer");
    const { state } = look(world, found);
    return { ...done([`it is ${state}`], null), said: material };
  },
};
