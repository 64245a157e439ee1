/** Skills that somebody found: tar archives, and the folder that comes out. */
import { isDeepStrictEqual } from "node:util";
import { skillBounds } from "../../../src/skill/bounds.ts";
import { checkSkill } from "../../../src/skill/parse.ts";
import { untar } from "../../../src/skill/tar.ts";
import type { Random } from "../support/random.ts";
import { demand, type Target } from "../support/target.ts";

const block = 512;

interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly body?: string;
}

/** One header with its checksum right, and the body padded. */
function entry({ name, type = "0", body = "" }: Entry): Buffer {
  const head = Buffer.alloc(block);
  const size = Buffer.byteLength(body);
  head.write(name.slice(0, 100), 0, "utf8");
  head.write("0000644\0", 100, "latin1");
  head.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  head.write("        ", 148, "latin1");
  head.write(type, 156, "latin1");
  head.write("ustar\0" + "00", 257, "latin1");
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const padded = Buffer.alloc(Math.ceil(size / block) * block);
  padded.write(body);
  return Buffer.concat([head, padded]);
}

const archive = (entries: readonly Entry[]): Buffer =>
  Buffer.concat([...entries.map(entry), Buffer.alloc(2 * block)]);

const names =
  "boil/SKILL.md boil/a.sh boil/../x ../x /etc/passwd boil/.git/x ./boil/SKILL.md a//b a/./b boil boil/ SKILL.md . .. boil/\\..\\x".split(
    " ",
  );
const head = "---\nname: boil\ndescription: boils\n---\nBoil it.\n";
const pax = (path: string): string => `${path.length + 10} path=${path}\n`;

function entries(random: Random): Entry[] {
  return Array.from({ length: 1 + random.int(5) }, () => {
    const name = random.pick(names);
    const type = random.chance(3)
      ? random.pick([..."x", "L", "g", "1", "2", "5", "3", "S", "\0"])
      : "0";
    const body = type === "x" ? pax(random.pick(names)) : random.pick([head, "", "x", name]);
    return { name, type, body };
  });
}

export const tar: Target = {
  name: "tar",
  open: () =>
    Promise.resolve({
      corpus: [
        archive([
          { name: "boil/SKILL.md", body: head },
          { name: "boil/a.sh", body: "ls" },
        ]),
        archive([
          { name: "x", type: "x", body: pax("boil/long/name") },
          { name: "y", body: "z" },
        ]),
      ],
      generate: (random) => archive(entries(random)),
      check: (input) => {
        const found = untar(input);
        if (!found.ok) return false;
        const all = [...found.files];
        const total = all.reduce((sum, [, bytes]) => sum + bytes.length, 0);
        demand(total <= input.length, "more comes out than went in");
        demand(all.length <= skillBounds.files + 1, "more files than are allowed");
        for (const [path] of all) {
          const bad = path.split("/").some((part) => part === "" || part.startsWith("."));
          demand(!bad && !path.startsWith("/"), `it gives out the path ${JSON.stringify(path)}`);
        }
        checkSkill(found.folder ?? "boil", found.files);
        return true;
      },
    }),
};

const lines: readonly string[] = [
  ...["name: boil", "name: fry", "name: [boil]", "description: boils", "description: |\n  two"],
  ...["description: &a x\nlicense: *a", "license: MIT", "metadata: {category: kitchen}"],
  ...["metadata: [x]", "allowed-tools: Bash(git:*) read_file", "allowed-tools: [a, b]", "x: !!y z"],
  ...["compatibility: {}", "__proto__: {name: boil}", "? [a]\n: b", "<<: {name: boil}"],
];

export const skill: Target = {
  name: "skill",
  patience: { ms: 500, msPerByte: 0.2 },
  open: () =>
    Promise.resolve({
      corpus: [
        Buffer.from(head),
        Buffer.from(`---\n${lines.slice(0, 1)}\n${lines[3]}\n---\n\n# x\n`),
      ],
      generate: (random) => {
        const chosen = lines.filter(() => random.chance(3));
        const own = ["name: boil", "description: boils"].filter(() => !random.chance(8));
        return Buffer.from(
          `---\n${[...own, ...chosen].join("\n")}\n---\n${random.pick(["Do.", ""])}\n`,
        );
      },
      check: (input) => {
        const files = new Map([["SKILL.md", new Uint8Array(input)]]);
        const found = checkSkill("boil", files);
        demand((found.head === null) === found.problems.length > 0, "refused without a word");
        if (found.head === null) return false;
        const { name, description, allowedTools } = found.head;
        demand(name === "boil" && description !== "", "a skill of another name, or of none");
        const shown = [description, ...allowedTools].join("");
        demand(
          !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(shown),
          "hidden words",
        );
        demand(isDeepStrictEqual(checkSkill("boil", files), found), "not the same twice");
        return true;
      },
    }),
};
