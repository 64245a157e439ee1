/**
 * Rows of a statement as a reply: a preview, and all of them in a file when they are many. Never: holds more than a
 * reply's worth of rows in memory.
 */
import type { Value } from "./params.ts";
import type { Show } from "./protocol.ts";
import { openRowsFile, type RowsFile, writingRows } from "./rows-file.ts";
import { distinct, jsonLine, tableLine } from "./show.ts";

type Row = readonly Value[];

/** `mustEnd`: a statement that changes is run to its end, whatever becomes of its rows. */
export function present(
  columns: readonly string[],
  rows: Iterable<Row>,
  show: Show,
  mustEnd = false,
): string {
  const names = distinct(columns);
  const lineOf = (row: Row): string =>
    show.format === "json" ? jsonLine(names, row) : tableLine(row);
  const shown: string[] = show.format === "json" ? [] : [tableLine(columns)];
  const held: Row[] = [];
  let room = show.chars - (shown[0]?.length ?? 0);
  let file: RowsFile | null = null;
  let isWhole = true;
  try {
    for (const row of rows) {
      if (file === null) {
        const line = lineOf(row);
        if (held.length < show.rows && line.length < room) {
          room -= line.length + 1;
          shown.push(line);
          held.push(row);
          continue;
        }
        file = openRowsFile(show.overflow, "csv", columns);
        for (const one of held) file.add(one);
      }
      if (file.bytes() < show.overflowBytes) file.add(row);
      else isWhole = false;
      if (!isWhole && !mustEnd) break;
    }
    file?.finish();
  } catch (error) {
    file?.abandon();
    throw error;
  }
  return [...shown, ending(held.length, file, isWhole)].join("\n");
}

function ending(shown: number, file: RowsFile | null, isWhole: boolean): string {
  if (file === null) return shown === 1 ? "[1 row]" : `[${shown} rows]`;
  const first = `[${shown} rows are shown, ${file.rows()} are in ${file.path}`;
  return isWhole ? `${first}]` : `${first}; there are more: ask for fewer, or use save_to]`;
}

export function save(
  columns: readonly string[],
  rows: Iterable<Row>,
  to: { readonly path: string; readonly form: "csv" | "json" | "ndjson" },
): string {
  return writingRows(openRowsFile(to.path, to.form, distinct(columns)), (file) => {
    for (const row of rows) file.add(row);
    return `[${file.rows()} rows are in ${to.path}]`;
  });
}
