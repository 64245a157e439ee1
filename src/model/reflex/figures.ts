/**
 * The machine's figures: which command shows them, and its output in words. Pure.
 *
 * Each figure is known by the shape of its line, so one command may show several. What has no such
 * line is said to be unknown. The disk is that of the working directory: in the sandbox `/` is a small
 * file system of its own.
 */

interface Figure {
  readonly command: string;
  /** A sentence, or null when the output does not hold it. */
  readonly read: (lines: readonly string[]) => string | null;
}

/** The first line of that shape; longer lines are none of these. */
const line = (lines: readonly string[], shape: RegExp): RegExpExecArray | null => {
  for (const text of lines) {
    const found = text.length > 300 ? null : shape.exec(text);
    if (found !== null) return found;
  }
  return null;
};

const figures: Readonly<Record<string, Figure>> = {
  disk: {
    command: "df -hP .",
    read(lines) {
      const found = line(lines, /^\S+ +([\d.]+\S?) +([\d.]+\S?) +([\d.]+\S?) +(\d+%) +\S+$/);
      if (found === null) return null;
      const [, size, used, free, percent] = found;
      return `Disk: ${percent} full; ${used} of ${size} used, ${free} free.`;
    },
  },
  memory: {
    command: "free -m",
    read(lines) {
      const found = line(lines, /^Mem: +(\d+) +(\d+) +(?:\d+ +){3}(\d+)$/);
      const swap = line(lines, /^Swap: +(\d+) +(\d+) +\d+$/);
      if (found === null) return null;
      const [, total, used, available] = found;
      const swapped =
        swap === null || swap[1] === "0" ? "no swap" : `${swap[2]} of ${swap[1]} MiB swap used`;
      return `Memory: ${available} of ${total} MiB available, ${used} MiB used; ${swapped}.`;
    },
  },
  load: {
    command: 'cat /proc/loadavg; echo "cores $(nproc)"',
    read(lines) {
      const found = line(lines, /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+) \d+\/\d+ \d+$/);
      const cores = line(lines, /^cores (\d+)$/)?.[1];
      if (found === null) return null;
      const of = cores === undefined ? "" : ` on ${cores} ${cores === "1" ? "core" : "cores"}`;
      return `Load: ${found[1]}, ${found[2]}, ${found[3]} (1, 5, 15 minutes)${of}.`;
    },
  },
  uptime: {
    command: "cat /proc/uptime",
    read(lines) {
      const found = line(lines, /^(\d+)\.\d+ \d+\.\d+$/);
      return found === null ? null : `Up for ${span(Number(found[1]))}.`;
    },
  },
  time: {
    command: "date '+now %A, %Y-%m-%d %H:%M:%S %Z'",
    read(lines) {
      const found = line(lines, /^now (.+)$/);
      return found === null ? null : `It is ${found[1]}.`;
    },
  },
};

const figureOf = (name: string): Figure | undefined =>
  Object.hasOwn(figures, name) ? figures[name] : undefined;

/** The command line that shows the named figures. */
export const figuresCommand = (names: readonly string[]): string =>
  names.flatMap((name) => figureOf(name)?.command ?? []).join("; ");

/** One sentence for each figure that `output` holds, and one for those that it lacks. */
export function figuresText(names: readonly string[], output: string): string {
  const lines = output.split("\n");
  const read = names.map((name) => ({ name, text: figureOf(name)?.read(lines) ?? null }));
  const missing = read.filter(({ text }) => text === null).map(({ name }) => name);
  const sentences = read.flatMap(({ text }) => text ?? []);
  if (missing.length === 0) return sentences.join("\n");
  const said = output.trim() === "" ? "nothing" : `\n${output.trim()}`;
  return [...sentences, `Unknown: ${missing.join(", ")}. The command gave: ${said}`].join("\n");
}

/** Minutes, hours or days, as a person would say it. */
function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return `${seconds} s`;
  if (hours < 1) return `${minutes} min`;
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
