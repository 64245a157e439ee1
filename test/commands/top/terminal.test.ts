/** `con top` on a terminal of its own, which script(1) makes: however it ends, the terminal is given back. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeSystem } from "../support.ts";

const entry = join(import.meta.dirname, "../../../src/con.ts");
const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";

test.each(["q", "\u0003", "SIGTERM", "SIGHUP"] as const)(
  "%j ends it with 0",
  { timeout: 120_000 },
  async (end) => {
    const { root } = makeSystem(["ada"]);
    const pid = join(root, "pid");
    const command = `echo $$ >'${pid}'; exec '${process.execPath}' '${entry}' --root '${root}' top`;
    const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      env: { PATH: process.env["PATH"], TERM: "xterm", NODE_NO_WARNINGS: "1", SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill());
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      const wasShown = text.includes("ada");
      text += part;
      if (wasShown || !text.includes("ada")) return;
      if (end.startsWith("SIG")) process.kill(Number(readFileSync(pid)), end as NodeJS.Signals);
      else child.stdin.write(end);
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(0);
    expect(text).toContain(`${enter}\u001b[H`);
    expect(text.endsWith(leave)).toBe(true);
    expect(text.split(enter)).toHaveLength(2);
  },
);
