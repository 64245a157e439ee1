/** Two texts line by line: what went, what came, what stayed. Pure. */

export interface DiffLine {
  readonly kind: "-" | "+" | " ";
  readonly text: string;
}

/** More work than this, and the middle is shown as gone and come as a whole. */
const mostCells = 4_000_000;

export function diffLines(before: string, after: string): DiffLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  const most = Math.min(old.length, fresh.length) - head;
  while (tail < most && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const middle = [
    old.slice(head, old.length - tail),
    fresh.slice(head, fresh.length - tail),
  ] as const;
  return [
    ...marked(" ", old.slice(0, head)),
    ...middleOf(...middle),
    ...marked(" ", old.slice(old.length - tail)),
  ];
}

/** Texts end with a line end; one that does not is shown to. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") return lines.slice(0, -1);
  return [...lines.slice(0, -1), `${lines.at(-1)} (no line end)`];
}

const marked = (kind: DiffLine["kind"], lines: readonly string[]): DiffLine[] =>
  lines.map((text) => ({ kind, text }));

function middleOf(old: readonly string[], fresh: readonly string[]): DiffLine[] {
  if (old.length * fresh.length > mostCells) return [...marked("-", old), ...marked("+", fresh)];
  const width = fresh.length + 1;
  const common = commonLengths(old, fresh);
  const out: DiffLine[] = [];
  for (let i = 0, j = 0; i < old.length || j < fresh.length; ) {
    const [left, right] = [old[i], fresh[j]];
    if (left !== undefined && left === right) {
      out.push({ kind: " ", text: left });
      i += 1;
      j += 1;
    } else if (
      left !== undefined &&
      (right === undefined ||
        (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    ) {
      out.push({ kind: "-", text: left });
      i += 1;
    } else {
      out.push({ kind: "+", text: right ?? "" });
      j += 1;
    }
  }
  return out;
}

/** At `i * (fresh.length + 1) + j`: how many lines the ends from `i` and `j` share in order. */
function commonLengths(old: readonly string[], fresh: readonly string[]): Uint32Array {
  const width = fresh.length + 1;
  const cells = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1)
    for (let j = fresh.length - 1; j >= 0; j -= 1)
      cells[i * width + j] =
        old[i] === fresh[j]
          ? (cells[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(cells[(i + 1) * width + j] ?? 0, cells[i * width + j + 1] ?? 0);
  return cells;
}
