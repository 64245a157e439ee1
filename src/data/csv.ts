/** CSV as rows, by csv-parse. Never: holds more than one record; takes a row with a wrong number of fields. */
import fs from "node:fs";
import { type CsvError, parse } from "csv-parse";
import { Refused } from "./open.ts";
import type { ImportRequest } from "./protocol.ts";
import { type BadRow, columnNames, type Row, type Source } from "./source.ts";

/** Longer ones are a quote that was never closed. */
const longestRecord = 16 << 20;

type Wanted = Pick<ImportRequest, "file" | "header" | "delimiter" | "encoding">;

interface Parsed {
  readonly info: { readonly lines: number };
  readonly record: readonly string[];
}

export async function csvSource(wanted: Wanted): Promise<Source> {
  const delimiter = wanted.delimiter ?? guess(wanted.file);
  const records = (bad: (row: BadRow) => void) => read({ ...wanted, delimiter }, bad);
  let first: Parsed | null = null;
  for await (const one of records(() => undefined)) {
    first = one;
    break;
  }
  if (first === null) throw new Refused(`${wanted.file} has no rows`);
  const width = first.record.length;
  const columns = columnNames(wanted.header ? first.record : first.record.map(() => ""));
  return {
    columns,
    untyped: true,
    notes:
      wanted.delimiter === null && delimiter !== ","
        ? [`fields end with ${JSON.stringify(delimiter)}`]
        : [],
    rows: (bad) => rowsOf(records(bad), { width, skip: wanted.header ? 1 : 0 }, bad),
  };
}

async function* rowsOf(
  records: AsyncIterable<Parsed>,
  { width, skip }: { readonly width: number; readonly skip: number },
  bad: (row: BadRow) => void,
): AsyncIterable<Row> {
  let passed = 0;
  for await (const { record, info } of records) {
    passed += 1;
    if (passed <= skip) continue;
    if (record.length === width) yield { line: info.lines, values: record };
    else bad({ line: info.lines, why: `${record.length} fields instead of ${width}` });
  }
}

async function* read(
  { file, delimiter, encoding }: Omit<Wanted, "delimiter"> & { readonly delimiter: string },
  bad: (row: BadRow) => void,
): AsyncIterable<Parsed> {
  const input = fs.createReadStream(file);
  const parser = parse({
    ...{ bom: true, info: true, delimiter, encoding, relax_column_count: true },
    ...{ skip_empty_lines: true, skip_records_with_error: true, max_record_size: longestRecord },
    on_skip: (error) => {
      if (error !== undefined) bad(badRow(error));
    },
  });
  input.on("error", (error) => parser.destroy(error));
  try {
    for await (const one of input.pipe(parser)) yield one as Parsed;
  } catch (error) {
    const { code } = error as Partial<CsvError>;
    if (code?.startsWith("CSV_") !== true) throw error;
    bad(badRow(error as CsvError));
  } finally {
    input.destroy();
  }
}

function badRow(error: CsvError): BadRow {
  const { lines } = error as { readonly lines?: unknown };
  return { line: typeof lines === "number" ? lines : 0, why: error.message.slice(0, 160) };
}

const delimiters = [",", ";", "\t", "|"];

/** The one that the first line has most of. */
function guess(file: string): string {
  const head = Buffer.alloc(64 << 10);
  const fd = fs.openSync(file, "r");
  const length = fs.readSync(fd, head, 0, head.length, 0);
  fs.closeSync(fd);
  const line = (head.toString("utf8", 0, length).split("\n")[0] ?? "").replace(/"[^"]*"/g, "");
  const counts = delimiters.map((sign) => line.split(sign).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ",";
}
