/** The part `crash` of the proof: every operation of the table, cut at every call, in every way; and cut twice. */
import { reasonOf } from "../../../src/system/errors.ts";
import { cutEverywhere, cutTwice } from "../../crash/support/matrix.ts";
import { inWords } from "../../crash/support/ways.ts";
import { others, type Row, rows } from "../../crash/table.ts";
import type { Figure, Part, PartContext } from "../part.ts";

interface Found {
  readonly cuts: number;
  readonly failures: readonly string[];
}

async function run(context: PartContext) {
  const figures: Figure[] = [];
  const failures: string[] = [];
  for (const row of rows) {
    const once = await inAllWays(row, context);
    const twice = await thenPower(row, context);
    failures.push(...once.failures, ...twice.failures);
    figures.push(
      figureOf(`${row.operation}: cuts in ${row.ways.length} ways`, once),
      ...(isInMemory(row) ? [figureOf(`${row.operation}: killed, then power lost`, twice)] : []),
    );
    context.progress(`${row.operation}: ${once.cuts + twice.cuts} cuts`);
  }
  const notes = [
    "A power cut keeps what was synced and, of all else: nothing; only names; names and zeros; only data; a part. A rename between directories is one act, as in journaling file systems.",
    ...others.map(({ operation, how, test }) => `${operation}: ${how}, in test/${test}.test.ts`),
    ...failures,
  ];
  return { figures, notes };
}

const isInMemory = ({ ways }: Row): boolean => ways.some(({ kind }) => kind === "power");

const strideOf = ({ scale }: PartContext): number => Math.max(1, Math.round(1 / scale));

async function inAllWays(row: Row, context: PartContext): Promise<Found> {
  let cuts = 0;
  const failures: string[] = [];
  for (const way of row.ways) {
    try {
      cuts += (await cutEverywhere(row.story, way, strideOf(context))).cuts;
    } catch (error) {
      failures.push(`${row.operation}, ${inWords(way)}: ${reasonOf(error).slice(0, 300)}`);
    }
  }
  return { cuts, failures };
}

/** Pairs of calls are many: of long operations not every one. */
async function thenPower(row: Row, context: PartContext): Promise<Found> {
  if (!isInMemory(row)) return { cuts: 0, failures: [] };
  const stride = strideOf(context);
  try {
    return { cuts: await cutTwice(row.story, 2 * stride, 3 * stride), failures: [] };
  } catch (error) {
    return { cuts: 0, failures: [`${row.operation}: ${reasonOf(error).slice(0, 300)}`] };
  }
}

const figureOf = (what: string, { cuts, failures }: Found): Figure => ({
  ...{ what, value: cuts, target: "nothing lost, half or twice" },
  ok: failures.length === 0 && cuts > 0,
});

export const part: Part = {
  name: "crash",
  claim: "Wherever an operation is cut, the task or its response exists afterwards, whole, once.",
  run,
};
