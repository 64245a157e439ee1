/** The entries that a hostile or careless sender may leave in an inbox. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";

export interface Hostile {
  readonly name: string;
  readonly make: (inbox: string, outside: string) => void;
  /** What the sender is told. */
  readonly why: RegExp;
}

const write = (name: string, content: string | Uint8Array) => (inbox: string) =>
  fs.writeFileSync(join(inbox, name), content);

export const hostiles: readonly Hostile[] = [
  {
    name: "symbolic link",
    make: (inbox, outside) => {
      fs.writeFileSync(join(outside, "secret"), "secret");
      fs.symlinkSync(join(outside, "secret"), join(inbox, "a.task"));
    },
    why: /symbolic link/,
  },
  {
    name: "dangling link",
    make: (inbox) => fs.symlinkSync("/nowhere", join(inbox, "a.task")),
    why: /symbolic link/,
  },
  {
    name: "hard link",
    make: (inbox, outside) => {
      fs.writeFileSync(join(outside, "secret"), "secret");
      fs.linkSync(join(outside, "secret"), join(inbox, "a.task"));
    },
    why: /hard link/,
  },
  {
    name: "FIFO",
    make: (inbox) => void execFileSync("mkfifo", [join(inbox, "a.task")]),
    why: /FIFO/,
  },
  {
    name: "directory with content",
    make: (inbox) => fs.mkdirSync(join(inbox, "a.task", "b.task"), { recursive: true }),
    why: /directory/,
  },
  {
    name: "socket",
    make: (inbox) => {
      // A bound path stays when its process is gone.
      const script = `require("net").createServer().listen(process.argv[1],()=>process.kill(process.pid,9))`;
      try {
        execFileSync(process.execPath, ["-e", script, join(inbox, "a.task")]);
      } catch (error) {
        if (!fs.lstatSync(join(inbox, "a.task")).isSocket()) throw error;
      }
    },
    why: /socket/,
  },
  ...(process.getuid?.() === 0
    ? [
        {
          name: "device",
          make: (inbox: string) =>
            void execFileSync("mknod", [join(inbox, "a.task"), "c", "1", "3"]),
          why: /device/,
        },
      ]
    : []),
  { name: "0 bytes", make: write("a.task", ""), why: /empty/ },
  { name: "not UTF-8", make: write("a.task", new Uint8Array([0xff, 0xfe, 0x41])), why: /UTF-8/ },
  { name: "unclosed front matter", make: write("a.task", "---\nx: y\n"), why: /not closed/ },
  {
    name: "16 MiB + 1",
    make: write("a.task", Buffer.alloc(16 * 1024 * 1024 + 1, "x")),
    why: /larger than/,
  },
  {
    name: "a sparse terabyte",
    make: (inbox) => {
      fs.writeFileSync(join(inbox, "a.task"), "");
      fs.truncateSync(join(inbox, "a.task"), 2 ** 40);
    },
    why: /larger than/,
  },
];

/** Names that must not matter. The content is a good task. */
export const names: readonly string[] = [
  "new\nline.task",
  "; rm -rf $HOME `id` $(id) | & > <.task",
  "'\"\\*?[a].task",
  " spaces .task",
  "-n.task",
  "\u001b[31mred\u0007.task",
  "\u202eksat.task",
  `${"ü".repeat(120)}.task`,
  `${"x".repeat(250)}.task`,
  "a.task.task",
];
