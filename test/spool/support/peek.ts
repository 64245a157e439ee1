/** Files that a desk looks at, in running order. */
import { type Candidate, scan } from "../../../src/spool/scan.ts";
import { type Desk, me, write } from "./desk.ts";

export const drop = (at: Desk, name: string, text = "x", inbox = me.inbox): void =>
  write(at, `${inbox}/${name}`, text);

export const order = (at: Desk, known?: Map<string, Candidate>): string[] =>
  scan(at.world, at.post, known).map(({ base }) => base);

export const one = (at: Desk): Candidate => {
  const [candidate, ...more] = scan(at.world, at.post);
  if (candidate === undefined || more.length > 0) throw new Error("not one");
  return candidate;
};
