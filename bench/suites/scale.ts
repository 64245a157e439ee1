/** How bootstrap, PID 1 and wakes grow with the agents. `bench/inside/scale.mjs` measures. */
import type { BootedSuite } from "../suite.ts";
import type { Row } from "../table.ts";

interface Scale {
  readonly agents: number;
  readonly bells: number;
  readonly first_ms: number;
  readonly second_ms: number;
  readonly second_changes: number;
  readonly one_more_ms: number;
  readonly pid1_rss_anon_kib: number;
  readonly wake_all_ms: number;
  readonly answered: number;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

const byBell = ({ agents, bells }: Scale): string =>
  bells === 0 ? "" : `; ${agents - bells} by path unit, ${bells} by bell and sweep`;

const rowsOf = (found: Scale): Row[] => [
  {
    figure: `bootstrap of ${found.agents} more agents: first run, second run`,
    measured: `${seconds(found.first_ms)}, ${seconds(found.second_ms)} with ${found.second_changes} changes; PID 1 ${(found.pid1_rss_anon_kib / 1024).toFixed(1)} MiB`,
    ratio: (found.first_ms / found.second_ms).toFixed(1),
    target: "second ≥ 5× faster, 0 changes",
  },
  {
    figure: `one agent commissioned among ${found.agents}`,
    measured: seconds(found.one_more_ms),
    ratio: "",
    target: found.agents === 100 ? "≤ 1 s" : "",
  },
  {
    figure: `${found.agents} agents, one plain file each at once, with builtin/reflex`,
    measured: `${found.answered} answered in ${seconds(found.wake_all_ms)}${byBell(found)}`,
    ratio: "",
    target: "all wake",
  },
];

export const scale: BootedSuite = {
  profile: "default",
  about:
    "A machine that allows few inotify instances (128 by the kernel's default) has path units for about 100 agents; the others are woken by a bell, which a plain file does not ring, so they wait for the sweep, up to half a minute.",
  async measure({ inside, isSmall }) {
    const all: Scale[] = [];
    for (const size of isSmall ? [1, 5] : [1, 10, 100, 1000])
      all.push((await inside("scale", String(size), "/run/bench/task")) as Scale);
    const line = (name: string, of: (one: Scale) => number) => ({
      name,
      points: all.map((one) => [one.agents, of(one) / 1000] as const),
    });
    const curve = {
      ...{ name: "agents", title: "What more agents cost", x: "agents", y: "seconds" },
      lines: [
        line("bootstrap, first run", (one) => one.first_ms),
        line("bootstrap, nothing to do", (one) => one.second_ms),
        line("one more commissioned", (one) => one.one_more_ms),
        line("a task each, all answered", (one) => one.wake_all_ms),
      ],
    };
    return { rows: all.flatMap(rowsOf), curves: [curve] };
  },
};
