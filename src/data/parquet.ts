/** Parquet as rows, by hyparquet: one group of rows at a time. Snappy, gzip, brotli, zstd and LZ4. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { reasonOf } from "../system/errors.ts";
import { lz4Framed, lz4Raw } from "./lz4.ts";
import { flat } from "./objects.ts";
import { Refused } from "./open.ts";
import { columnNames, type Row, type Source } from "./source.ts";

const compressors = {
  GZIP: (bytes: Uint8Array) => gunzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => brotliDecompressSync(bytes),
  ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes),
  LZ4: lz4Framed,
  LZ4_RAW: lz4Raw,
};

/** Text: a Date has no more than milliseconds. */
const parsers = {
  timestampFromMicroseconds: (micros: bigint): string => instant(micros, 1_000_000n, 6),
  dateFromDays: (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10),
  timestampFromNanoseconds: (nanos: bigint): string => instant(nanos, 1_000_000_000n, 9),
};

function instant(count: bigint, perSecond: bigint, digits: number): string {
  const part = ((count % perSecond) + perSecond) % perSecond;
  const second = new Date(Number((count - part) / perSecond) * 1000);
  if (Number.isNaN(second.getTime())) return String(count);
  return `${second.toISOString().slice(0, 19)}.${String(part).padStart(digits, "0")}Z`;
}

/** What the library throws for a file that is none. */
async function reading<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new Refused(`${file} cannot be read as Parquet: ${reasonOf(error).slice(0, 200)}`);
  }
}

export function parquetSource(path: string): Promise<Source> {
  return reading(path, async () => {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const keys = parquetSchema(metadata).children.map(({ element }) => element.name);
    const read = (rowStart: number, rowEnd: number) =>
      reading(path, () =>
        parquetReadObjects({
          ...{ file, metadata, compressors, parsers },
          rowStart,
          rowEnd,
          utf8: false,
        }),
      );
    return {
      columns: columnNames(keys),
      untyped: false,
      notes: notesOf(metadata),
      rows: () => rowsOf(metadata, keys, read),
    };
  });
}

async function* rowsOf(
  { row_groups: groups }: FileMetaData,
  keys: readonly string[],
  read: (rowStart: number, rowEnd: number) => Promise<readonly Readonly<Record<string, unknown>>[]>,
): AsyncIterable<Row> {
  let start = 0;
  for (const group of groups) {
    const end = start + Number(group.num_rows);
    for (const [at, found] of (await read(start, end)).entries())
      yield { line: start + at + 1, values: keys.map((key) => flat(found[key])) };
    start = end;
  }
}

const exactDigits = 15;

/** Decimals come as doubles. */
const notesOf = ({ schema }: FileMetaData): string[] =>
  schema
    .filter(
      ({ converted_type: type, precision = 0 }) => type === "DECIMAL" && precision > exactDigits,
    )
    .map(({ name }) => `${name}: decimals of more than ${exactDigits} digits are rounded`);
