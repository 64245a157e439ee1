/**
 * How `con top` shows a turn: lines for people, as wide and as many as there is room. Pure.
 *
 * Never: sends what agents or senders wrote to a terminal as it came, or more characters on a line than fit there.
 */
import { shownUsd } from "../../gateway/budget.ts";
import type { Style } from "../shared/io.ts";
import { calledBy } from "../shared/overview.ts";
import type { Spend } from "../shared/spend.ts";
import { stateStyle } from "../shared/states.ts";
import { cutVisible, duration, safeLine, table, visibleLength } from "../shared/text.ts";
import type { Row, Tasks, Turn } from "./types.ts";

export type Paint = (style: Style, text: string) => string;

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** Ends with a line end. Without `room` nothing is cut. */
export function viewOf(turn: Turn, paint: Paint, room: Room | null): string {
  const head = headOf(turn, paint);
  const top = room === null ? [head.join("; ")] : wrapped(head, room.columns);
  const rows = tableOf(turn, paint, room);
  const lines = [...top, "", ...rows];
  if (room === null) return joined(lines);
  const shown = lines.length <= room.rows ? lines : withRest(lines, rows.length - 1, room.rows);
  return joined(shown.map((line) => cutVisible(line, room.columns)));
}

const joined = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

/** The last line says how many agents have no place. */
function withRest(lines: readonly string[], agents: number, rows: number): string[] {
  const left = lines.length - rows + 1;
  if (left >= agents || rows < 2) return lines.slice(0, Math.max(rows, 1));
  return [...lines.slice(0, rows - 1), `… and ${left} more agents`];
}

function headOf(turn: Turn, paint: Paint): string[] {
  const { system, gateway, totals, spend, halted, machine } = turn;
  const used = machine.memory_bytes - machine.memory_available_bytes;
  const what = `${totals.working} of ${totals.agents} agents work`;
  return [
    ...(system.isolation === "none" ? [paint("yellow", "NO ISOLATION")] : []),
    `${safeLine(system.name)}: ${system.state}, gateway ${gateway.state}`,
    what,
    `tasks: ${shownTasks(totals)}`,
    `today: ${spend === null ? "?" : shownSpend(spend)}`,
    halted === null ? "not halted" : paint("red", `${halted} halted`),
    `load ${machine.load.map((one) => one.toFixed(2)).join(" ")}, ${machine.cores} cores`,
    `memory ${bytes(used)} of ${bytes(machine.memory_bytes)}`,
  ];
}

const shownTasks = ({ pending, active, deferred, held }: Tasks): string =>
  `${show(pending)} waiting, ${show(active)} under way, ${show(deferred)} deferred, ${show(held)} held`;

function shownSpend({ usd, usd_per_day, tokens, tokens_per_day }: Spend): string {
  const dollars = `${shownUsd(usd)}${of(usd_per_day, shownUsd)} USD`;
  return `${dollars}, ${short(tokens)}${of(tokens_per_day, short)} tokens`;
}

const of = (limit: number | null, shown: (amount: number) => string): string =>
  limit === null ? "" : ` of ${shown(limit)}`;

/** Parts on as few lines as there is room for. */
function wrapped(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const longer = last === undefined ? part : `${last}; ${part}`;
    if (last !== undefined && visibleLength(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** What tells most stands first: on a narrow terminal the end is cut. */
const titles = [
  ...["AGENT", "STATE", "FOR", "TASK", "CPU%", "MEM", "WAIT", "RUN", "DEFER", "HELD"],
  ...["USD", "TOKENS", "LAST STEP", "TIME"],
];

function tableOf(turn: Turn, paint: Paint, room: Room | null): string[] {
  if (turn.agents.length === 0) return ["no agents; see agents.d in the configuration"];
  const now = Date.parse(turn.at);
  const shownId = room === null ? wholeId : shortId;
  const rows = turn.agents.map((row) => cellsOf(row, now, paint, shownId));
  return table(titles, rows).trimEnd().split("\n");
}

/** No agent shall widen a column that all have by what it calls its tasks and tools. */
const most = { id: 110, shortId: 24, step: 32 } as const;

const wholeId = (id: string): string => cutVisible(safeLine(id), most.id);

/** Of an id without a name the time that it was made, which con show takes as well. */
const shortId = (id: string): string =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? id.slice(0, 13) : cutVisible(safeLine(id), most.shortId);

function cellsOf(row: Row, now: number, paint: Paint, shownId: (id: string) => string): string[] {
  const { task, spend } = row;
  return [
    calledBy(row),
    paint(stateStyle(row.state), shownState(row)),
    sinceOf(row, now),
    task === null ? "-" : shownId(task.id),
    row.cpu_pct === null ? "-" : row.cpu_pct.toFixed(1),
    row.memory_bytes === null ? "-" : bytes(row.memory_bytes),
    ...[row.pending, row.active, row.deferred, row.held].map(show),
    spend === null ? "?" : amount(all(spend).usd, spend.usd_per_day, shownUsd),
    spend === null ? "?" : amount(all(spend).tokens, spend.tokens_per_day, short),
    row.step === null ? "-" : cutVisible(safeLine(row.step), most.step),
    row.cpu_usec === null ? "-" : `${(row.cpu_usec / 1e6).toFixed(1)} s`,
  ];
}

/** Its unit waits for tasks: nothing runs. */
const shownState = ({ state }: Row): string => (state === "waiting" ? "idle" : state);

/** Limits hold for an agent together with its temporary ones. */
const all = (spend: Spend): { readonly usd: number; readonly tokens: number } =>
  spend.with_children ?? spend;

const amount = (spent: number, limit: number | null, shown: (one: number) => string): string =>
  limit === null ? shown(spent) : `${shown(spent)}/${shown(limit)}`;

function sinceOf({ task, hold }: Row, now: number): string {
  const since = Date.parse(hold?.at ?? task?.since ?? "");
  return Number.isNaN(since) ? "-" : duration(now - since);
}

const show = (count: number | null): string => (count === null ? "?" : String(count));

/** `950`, `12.3k`, `4.5M`. */
export function short(count: number): string {
  if (count < 1000) return String(Math.round(count));
  if (count < 999_950) return `${(count / 1000).toFixed(1)}k`;
  return `${(count / 1e6).toFixed(1)}M`;
}

/** `512K`, `88M`, `1.5G`. */
export function bytes(count: number): string {
  const kib = count / 1024;
  if (kib < 1023.5) return `${Math.round(kib)}K`;
  if (kib < 1023.5 * 1024) return `${Math.round(kib / 1024)}M`;
  return `${(kib / 1024 ** 2).toFixed(1)}G`;
}
