/**
 * Calls of tools in a real agent, from the model's answer that asks for one to the request that brings its result, each
 * against a floor that was measured in turns with it. `bench/inside/calls.mjs` measures.
 */
import { median } from "../numbers.ts";
import { timesRow, type World } from "../suite.ts";
import type { Row } from "../table.ts";

/** How the same thing is done without con: a program, a bare sandbox, or a client that does it for each line it reads. */
type Floor =
  | { readonly argv: readonly string[] }
  | { readonly sandbox: string; readonly code: string }
  | { readonly client: readonly string[] };

export interface Call {
  readonly figure: string;
  /** `%n` in it is the number of the run. */
  readonly call: { readonly name: string; readonly arguments: object };
  /** What the result must match. */
  readonly expect: string;
  readonly floor: Floor | null;
  readonly floorName?: string;
  readonly target?: string;
  /** What takes a second is not done so often. */
  readonly isSlow?: boolean;
}

const slowRuns = 10;

interface Found {
  readonly times: readonly number[];
  readonly floor: readonly number[];
}

/** Costs a call as any other does, and does next to nothing. */
const nothing: Call = {
  figure: "a call of `list_files` in an empty folder: what all calls cost",
  call: { name: "list_files", arguments: { path: "." } },
  expect: "",
  floor: null,
};

/** An agent with a model of its own, and the alias of those who write programs. `manifest`: the lines beside name, tier, description and model. */
export async function addAgent({ container }: World, manifest: string): Promise<void> {
  const head = "name: bench\ndescription: Stands in a benchmark\ntier: operator\nmodel: bench\n";
  await container.copyIn("/etc/con/agents.d/bench.yaml", `${head}${manifest}\n`);
  const config = "/etc/con/con.yaml";
  await container.must([
    "sed",
    "-i",
    "s|^models:$|models:\\n  bench: [builtin/reflex]\\n  coder: [builtin/reflex]|",
    config,
  ]);
  await container.must(["con", "bootstrap", "--json"]);
}

function rowsOf({ figure, floorName, target }: Call, { times, floor }: Found): Row[] {
  if (floorName === undefined) return [timesRow(figure, times, null, target)];
  const against = median(floor);
  return [
    timesRow(`floor: ${floorName}`, floor, against),
    timesRow(figure, times, against, target),
  ];
}

/** `coder`: what a model that is asked for a program answers. */
export async function callRows(
  world: World,
  calls: readonly Call[],
  coder: object | null = null,
): Promise<Row[]> {
  const all = [nothing, ...calls];
  const runsOf = ({ isSlow }: Call) =>
    Math.min(world.runs, isSlow === true ? slowRuns : world.runs);
  const figures = all.map((one) => ({ ...one, runs: runsOf(one) }));
  const spec = JSON.stringify({ agent: "bench", figures, coder });
  await world.container.copyIn("/run/bench/calls.json", spec);
  const found = (await world.inside("calls", "/run/bench/calls.json")) as readonly Found[];
  return all.flatMap((one, at) => rowsOf(one, found[at] ?? { times: [], floor: [] }));
}
