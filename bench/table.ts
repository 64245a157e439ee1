/** Figures as a Markdown table that also reads well on a terminal. */

export interface Row {
  readonly figure: string;
  readonly measured: string;
  /** Against the floor of the same run; empty where there is none. */
  readonly ratio: string;
  readonly target: string;
}

const headings: Row = { figure: "figure", measured: "measured", ratio: "ratio", target: "target" };
const columns = ["figure", "measured", "ratio", "target"] as const;

export function table(rows: readonly Row[]): string {
  const all = [headings, ...rows];
  const widths = columns.map((column) => Math.max(3, ...all.map((row) => row[column].length)));
  const line = (row: Row) =>
    `| ${columns.map((column, at) => row[column].padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(headings), rule, ...rows.map(line)].join("\n");
}
