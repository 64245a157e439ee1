/** What a report of StrykerJS (mutation-testing-report-schema) says about an area. Pure. */

export interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
  >;
}

export interface Survivor {
  readonly file: string;
  readonly line: number;
  /** The code as it is, on one line. */
  readonly was: string;
  readonly became: string;
  /** No test ran the line at all. */
  readonly unseen: boolean;
}

export interface Tally {
  readonly noticed: number;
  /** Of them: because a test did not end. */
  readonly slow: number;
  readonly tried: number;
  readonly survivors: readonly Survivor[];
}

/** As in StrykerJS's own score: a mutant that does not compile or run at all is not counted. */
const noticed = new Set(["Killed", "Timeout"]);
const survived = new Set(["Survived", "NoCoverage"]);

export function tally({ files }: Report): Tally {
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ file, source, mutant })),
  );
  const kept = all.filter(({ mutant }) => survived.has(mutant.status));
  const killed = all.filter(({ mutant }) => noticed.has(mutant.status)).length;
  return {
    noticed: killed,
    slow: all.filter(({ mutant }) => mutant.status === "Timeout").length,
    tried: killed + kept.length,
    survivors: kept.map(({ file, source, mutant }) => ({
      file,
      line: mutant.location.start.line,
      was: oneLine(textAt(source, mutant.location)),
      became: oneLine(mutant.replacement ?? mutant.mutatorName),
      unseen: mutant.status === "NoCoverage",
    })),
  };
}

export const score = ({ noticed: some, tried }: Pick<Tally, "noticed" | "tried">): number =>
  tried === 0 ? 0 : Math.floor((some / tried) * 1000) / 10;

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

function textAt(source: string, { start, end }: Mutant["location"]): string {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
    )
    .join("\n");
}
