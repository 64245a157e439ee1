/**
 * An agent's change of its own instructions, of a skill of its own, or of a contract about itself.
 *
 * Never: a change of anything but the asker's own, or a grant: words give no rights. See ../proposals/consider.ts.
 */
import type { Proposed } from "../approvals/types.ts";
import { type Placed, placed } from "../proposals/base.ts";
import { consider, type Wish } from "../proposals/consider.ts";
import { digestOf, doubtsAbout } from "../proposals/record.ts";
import { type Target, targetOf } from "../proposals/target.ts";
import { faultIn } from "../proposals/texts.ts";
import { tryOut } from "../proposals/try.ts";
import type { RequestOf, Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

type Request = RequestOf<"propose">;

export const propose: Verb<"propose"> = {
  act: (world, request, by, asked) =>
    consider(world, {
      ...{ request, by, asked },
      wishOf: (agent) => wishOf(world, agent, request),
    }),
};

const kinds = { instructions: "instructions", skill: "skills", contract: "contracts" } as const;

function wishOf(world: StewardWorld, agent: string, request: Request): Wish | string {
  const { target: text, files: edits } = request;
  const target = targetOf(agent, text);
  if (target === null)
    return `target ${text}: say instructions, skill:NAME or contract:NAME with a plain name`;
  const kind = kinds[target.kind];
  const may = world.runtime(agent)?.may.propose ?? [];
  if (!may.includes(kind))
    return `${agent} may not propose to change ${kind}: its may.propose does not name it: tell a person`;
  const files = placed(world, agent, target, edits);
  if (typeof files === "string") return files;
  const isTaken = target.kind === "instructions" && files.some(({ content }) => content === null);
  if (isTaken) return "AGENTS.md: it cannot be taken away: give the whole new text";
  const fault = faultIn(files);
  if (fault !== null) return fault;
  return {
    reasons: reasonsOf(request),
    files,
    show: () => shownFor(world, agent, { request, target, files }),
  };
}

interface Case {
  readonly request: Request;
  readonly target: Target;
  readonly files: readonly Placed[];
}

/** What people are to see, or why there is nothing to show. */
async function shownFor(
  world: StewardWorld,
  agent: string,
  { request, target, files }: Case,
): Promise<Proposed | string> {
  if (files.every(({ content, before }) => content === before))
    return "nothing would be different: read what is there, and propose what you want instead";
  const tried = await tryOut(world, agent, target, files);
  if (!tried.ok) return `tried, and it cannot be: ${tried.why}`;
  return {
    sha256: digestOf(agent, request.target, files),
    files: files.map(({ path, before, content }) => ({ path, before, after: content })),
    tested: tried.lines,
  };
}

const reasonsOf = (request: Request): string[] => [
  ...doubtsAbout(request),
  `it changes its own ${request.target}${request.why === "" ? "" : `: ${request.why}`}`,
];
