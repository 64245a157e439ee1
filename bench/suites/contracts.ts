/**
 * The suite about contracts: what an evaluation costs, how much of that is ours, how it grows, and how soon
 * a break is found. The programs in `bench/inside` measure, this makes rows of it.
 */
import { median, spread } from "../numbers.ts";
import type { BootedSuite, Curve, World } from "../suite.ts";
import type { Row } from "../table.ts";

type Inside = World["inside"];

interface Size {
  readonly runs: number;
  readonly sleepers: number;
  readonly breaks: number;
  readonly grown: number;
  readonly sizes: readonly number[];
}

const whole: Size = { runs: 20, sleepers: 100, breaks: 12, grown: 10, sizes: [1, 10, 100, 500] };
const small: Size = { runs: 2, sleepers: 10, breaks: 1, grown: 2, sizes: [1, 5] };
const intervalSeconds = 10;

/** One entry a run, in milliseconds; `units`: null where the kernel does not say it. */
interface Times {
  readonly wall: readonly number[];
  readonly cpu: readonly number[];
  readonly units: readonly (number | null)[];
}

interface ShippedSet {
  readonly contracts: number;
  readonly often: number;
  readonly idle: Pick<Times, "units">;
  readonly floor: Times;
  readonly all: Times;
  readonly due: Times;
  readonly unit: Times;
}

const seconds = (values: readonly number[]): string =>
  `${(median(values) / 1000).toFixed(2)} s (${[Math.min(...values), Math.max(...values)].map((one) => (one / 1000).toFixed(2)).join("–")})`;

const milliseconds = (values: readonly number[]): string =>
  `${median(values).toFixed(0)} ms (${spread(values)})`;

const ratio = (values: readonly number[], floor: readonly number[]): string =>
  (median(values) / median(floor)).toFixed(2);

/** Processor time of the units in each run, less what the idle system uses in that time. */
function unitsOf({ units }: Pick<Times, "units">, idle: Pick<Times, "units">): number[] | null {
  const background = known(idle.units);
  const found = known(units);
  return found === null || background === null
    ? null
    : found.map((one) => Math.max(0, one - median(background)));
}

const known = (values: readonly (number | null)[]): number[] | null => {
  const numbers = values.filter((one) => one !== null);
  return numbers.length === values.length ? numbers : null;
};

async function shippedSet(inside: Inside, { runs }: Size): Promise<Row[]> {
  const found = (await inside("contracts", "set", String(runs))) as ShippedSet;
  const floor = found.floor.cpu;
  const row = (figure: string, values: readonly number[] | null, target = ""): Row => ({
    figure,
    measured: values === null ? "control groups cannot be read" : milliseconds(values),
    ratio: values === null ? "" : ratio(values, floor),
    target,
  });
  const { all, due, unit, idle, contracts, often } = found;
  const beside = unitsOf(all, idle);
  const withAll = beside?.map((units, at) => units + (all.cpu[at] ?? Number.NaN)) ?? null;
  const what = `shipped set, all ${contracts} contracts`;
  return [
    row("floor: `node -e 0`, CPU", floor),
    row(`${what}: CPU of the process tree`, all.cpu, "≤ 1 s"),
    row(`${what}: CPU with units, PID 1, journal`, withAll, "≤ 1 s"),
    { ...row(`${what}: wall`, all.wall), ratio: ratio(all.wall, found.floor.wall) },
    row(`the ${often} due each minute: CPU of the process tree`, due.cpu),
    row("a run of con-healthcheck.service: CPU with PID 1, journal", unitsOf(unit, idle)),
  ];
}

interface Sleepers {
  readonly passed: number;
  readonly floor: Times;
  readonly checks: Times;
}

async function sleeping(inside: Inside, { runs, sleepers }: Size): Promise<Row[]> {
  const count = String(sleepers);
  const found = (await inside("contracts", "sleepers", String(runs), count)) as Sleepers;
  const { floor, checks, passed } = found;
  const what = `${passed} of ${count} contracts that sleep 0.1 s`;
  return [
    {
      figure: `floor: ${count} × \`sh -c 'sleep 0.1'\`, xargs -P16`,
      measured: seconds(floor.wall),
      ratio: "1.00",
      target: "",
    },
    {
      figure: `${what}, each in its sandbox: wall`,
      measured: seconds(checks.wall),
      ratio: ratio(checks.wall, floor.wall),
      target: "≤ 1.5 s",
    },
    {
      figure: `${what}, each in its sandbox: CPU`,
      measured: seconds(checks.cpu),
      ratio: ratio(checks.cpu, floor.cpu),
      target: "",
    },
  ];
}

interface Detection {
  readonly opened: readonly number[];
  readonly mended: readonly number[];
  readonly closed: readonly number[];
  readonly others: readonly number[];
}

async function detection(inside: Inside, { breaks }: Size): Promise<Row[]> {
  const args = [String(intervalSeconds), String(breaks)];
  const found = (await inside("detection", ...args)) as Detection;
  const row = (what: string, values: readonly number[], target: string): Row => ({
    figure: `${breaks} breaks, interval ${intervalSeconds} s (ratio: latest to interval): ${what}`,
    measured: seconds(values),
    ratio: (Math.max(...values) / (intervalSeconds * 1000)).toFixed(2),
    target,
  });
  const others = found.others.reduce((sum, one) => sum + one, 0);
  return [
    row("incident open", found.opened, `≤ ${intervalSeconds + 2} s`),
    row("mended by the steward", found.mended, ""),
    row(`closed; ${others} other incidents`, found.closed, ""),
  ];
}

interface Growth {
  readonly evaluated: number;
  readonly all: Times;
  readonly warm: Times;
  readonly cold: Times;
}

interface Grown {
  readonly size: number;
  readonly found: Growth;
}

const grownRow = ({ evaluated, all, warm, cold }: Growth, what: string): Row => ({
  figure: `contracts evaluated: ${evaluated}${what}: wall, CPU; one alone: warm cache, cold cache`,
  measured: `${milliseconds(all.wall)}, ${milliseconds(all.cpu)}; ${milliseconds(warm.wall)}, ${milliseconds(cold.wall)}`,
  ratio: "",
  target: "",
});

async function growth(inside: Inside, { grown, sizes }: Size): Promise<[Row, readonly Grown[]]> {
  const measured = async (size: number, company: "alone" | "beside") =>
    (await inside("contracts", "growth", String(grown), String(size), company)) as Growth;
  const largest = await measured(sizes.at(-1) ?? 0, "beside");
  const all: Grown[] = [];
  for (const size of sizes) all.push({ size, found: await measured(size, "alone") });
  return [grownRow(largest, ", with the shipped set"), all];
}

function curveOf(all: readonly Grown[]): Curve {
  const line = (name: string, of: (found: Growth) => readonly number[]) => ({
    name,
    points: all.map(({ size, found }) => [size, median(of(found))] as const),
  });
  return {
    ...{ name: "contracts", title: "What more contracts cost", x: "contracts", y: "milliseconds" },
    lines: [
      line("all evaluated, wall clock", ({ all: times }) => times.wall),
      line("all evaluated, processor", ({ all: times }) => times.cpu),
      line("one alone, all read anew", ({ cold }) => cold.wall),
    ],
  };
}

export const contracts: BootedSuite = {
  profile: "default",
  about:
    "Medians with minimum and maximum. Processor time hardly moves with the load of the machine, wall clock does.",
  async measure({ inside, isSmall }) {
    const size = isSmall ? small : whole;
    const rows: Row[] = [];
    for (const phase of [shippedSet, sleeping, detection])
      rows.push(...(await phase(inside, size)));
    const [beside, all] = await growth(inside, size);
    const alone = all.map(({ found }) => grownRow(found, " × `path_exists`"));
    return { rows: [...rows, beside, ...alone], curves: [curveOf(all)] };
  },
};
