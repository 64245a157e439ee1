/**
 * Tries a proposed change without making it: instructions are put together and measured, a skill is checked as
 * bootstrap would check it, a contract is looked at once. Reads the configuration; changes nothing.
 *
 * Never: runs anything that was proposed.
 */
import { join } from "node:path";
import { parseConfig } from "../../config/parse.ts";
import type { Agent } from "../../config/types.ts";
import { assemble } from "../../host/instructions.ts";
import { lackingTools, libraryOf, type Tree } from "../../host/skills.ts";
import { readTree } from "../../host/tree.ts";
import { checkSkill } from "../../skill/parse.ts";
import { filesNow } from "../edit.ts";
import { oneLine } from "../quote.ts";
import type { StewardWorld, Tried } from "../world.ts";
import type { Placed } from "./base.ts";
import type { Target } from "./target.ts";
import { tooLong } from "./texts.ts";

const no = (why: string): Tried => ({ ok: false, why });

export async function tryOut(
  world: StewardWorld,
  agent: string,
  target: Target,
  files: readonly Placed[],
): Promise<Tried> {
  if (target.kind === "contract") return tryContract(world, agent, target, files);
  const { config } = parseConfig(filesNow(world));
  const found = config?.agents.find(({ name }) => name === agent);
  if (found === undefined)
    return no(`agent ${agent}: its manifest cannot be used now: tell a person`);
  const read = readTree(world.places.configuration);
  const tree = new Map(read.tree);
  for (const { place, content } of files)
    if (content === null) tree.delete(place);
    else tree.set(place, Buffer.from(content));
  const { refused } = read;
  const own = { agent: found, target, before: read.tree, after: tree, refused };
  return target.kind === "instructions" ? tryInstructions(own) : trySkill(own);
}

/** One file. Without a text it goes. */
async function tryContract(
  world: StewardWorld,
  agent: string,
  { name }: Target,
  files: readonly Placed[],
): Promise<Tried> {
  const [file] = files;
  if (file === undefined) return no("there is no contract.yaml");
  const { content: text, place } = file;
  if (text === null) return { ok: true, lines: [`the contract ${name} of ${agent} goes`] };
  const path = join(world.places.configuration, place);
  const tried = await world.tryContract({ agent, name, file: path, text });
  return tried.ok
    ? { ok: true, lines: tried.lines.map((line) => oneLine(line, 500)) }
    : no(oneLine(tried.why, 500));
}

interface Case {
  readonly agent: Agent;
  readonly target: Target;
  readonly before: Tree;
  readonly after: Tree;
  readonly refused: ReadonlyMap<string, string>;
}

function tryInstructions({ agent, before, after, refused }: Case): Tried {
  const long = tooLong(Buffer.from(after.get(`agents.d/${agent.name}.md`) ?? []).toString());
  if (long !== null) return no(`AGENTS.md: ${long}`);
  const sizeWith = (tree: Tree): number =>
    Buffer.byteLength(assemble(agent, tree, libraryOf({ tree, refused })).result.text);
  const [old, fresh] = [sizeWith(before), sizeWith(after)];
  return {
    ok: true,
    lines: [
      `put together: AGENTS.md of ${agent.name} goes from ${old} to ${fresh} bytes`,
      `costs: about ${tokens(fresh)} tokens in each call of a model, ${tokens(old)} until now`,
    ],
  };
}

/** Of ordinary text. */
const bytesPerToken = 4;
const tokens = (bytes: number): number => Math.ceil(bytes / bytesPerToken);

function trySkill(one: Case): Tried {
  const { agent, target, before, after, refused } = one;
  const inside = `${target.folder}/`;
  const odd = [...refused.keys()].find((path) => `${path}/`.startsWith(inside));
  if (odd !== undefined) return no(`${odd}: ${refused.get(odd)}: ask a person to look at it`);
  const files = below(after, inside);
  if (files.size === 0)
    return { ok: true, lines: [`the skill ${target.name} of ${agent.name} goes`] };
  const nested = [...files.keys()].find((path) =>
    [...files.keys()].some((other) => other.startsWith(`${path}/`)),
  );
  if (nested !== undefined) return no(`${nested}: it is a file and a folder: rename one of them`);
  const { head, problems, warnings } = checkSkill(target.name, files);
  const [problem] = problems;
  if (head === null || problem !== undefined)
    return no(problem === undefined ? "it is no skill" : inWords(problem));
  const isNew = below(before, inside).size === 0;
  const lacking = lackingTools(agent, [{ ...head, files }]).map(({ why }) => why);
  const hides = shadowed(one);
  const lines = [
    `checked: ${isNew ? "a new skill" : "a skill that is there"}, ${files.size} files`,
    ...hides.map((key) => `it takes the place of ${key} for ${agent.name}`),
    ...[...warnings.map(inWords), ...lacking].map((text) => `warning: ${text}`),
  ];
  return { ok: true, lines: lines.map((line) => oneLine(line, 500)) };
}

const inWords = ({
  file,
  line,
  why,
  remedy,
}: ReturnType<typeof checkSkill>["problems"][number]): string =>
  oneLine(`${file}:${line}: ${why}: ${remedy}`, 500);

const below = (tree: Tree, folder: string): Map<string, Uint8Array> =>
  new Map(
    [...tree].flatMap(([path, bytes]) =>
      path.startsWith(folder) ? [[path.slice(folder.length), bytes] as const] : [],
    ),
  );

/** Skills of everybody or of its roles that one of its own with that name hides. */
function shadowed({ agent, target, after, refused }: Case): string[] {
  const { skills } = libraryOf({ tree: after, refused });
  const shared = ["skills", ...agent.roles.map((role) => `roles/${role}/skills`)];
  return shared.map((folder) => `${folder}/${target.name}`).filter((key) => skills.has(key));
}
