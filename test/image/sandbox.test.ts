/** What a tool call can reach and leave behind, under the agent's real unit and user. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frontDesk, type ScriptedModel, scriptModel, type Where } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";

let own: Reserved;
let container: Container;
let where: Where;
let model: ScriptedModel;

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  where = await frontDesk(container);
  model = await scriptModel(container, where, "answer");
});
afterAll(() => own[Symbol.asyncDispose]());

const shell = (command: string, timeout_seconds = 20) =>
  ["shell", { command, timeout_seconds }] as const;

async function run(...calls: (readonly [string, object])[]): Promise<string[]> {
  return model.answer(await model.drop(calls));
}

const base = () => `/srv/con/agents/${where.agent}`;

describe("a tool call", () => {
  it("runs as the agent and sees nothing of it but workspace and tools", async () => {
    const [who, what] = await run(shell("id -un; pwd"), shell(`ls -A ${base()}`));
    expect(who).toBe(`a-${where.agent}\n${base()}/workspace\n[exit code 0]`);
    expect(what).toBe("tools\nworkspace\n[exit code 0]");
  });

  it("reaches no state, journal, inbox, configuration or gateway socket", async () => {
    const places = [
      `${base()}/state/journal`,
      `${base()}/inbox`,
      `${base()}/queue/active`,
      "/etc/con/con.yaml",
      "/var/lib/con/compiled/system.json",
      where.socket,
    ];
    const results = await run(...places.map((place) => shell(`ls -d ${place}`)));
    for (const [n, result] of results.entries())
      expect(result, places[n]).toContain("No such file or directory");
  });

  it("sees no process of the runner and no environment of it", async () => {
    const [processes, environment] = await run(
      shell("ls -d /proc/[0-9]* | wc -l; cat /proc/*/cmdline | tr '\\0' ' '"),
      shell("env"),
    );
    expect(Number(processes?.split("\n")[0])).toBeLessThan(10);
    expect(processes).not.toContain("con.mjs");
    const names = environment?.match(/^[A-Z_]+(?==)/gm)?.sort();
    expect(names).toEqual(["CON_TASK", "HOME", "LANG", "PATH", "PWD", "SHLVL", "TERM", "_"]);
  });

  it("cannot get at the state with the file tools either", async () => {
    const journal = `${base()}/state/journal`;
    const results = await run(
      shell(`ln -sfn ${journal} link`),
      ["list_files", { path: "link" }],
      ["list_files", { path: journal }],
      ["write_file", { path: "link/x", content: "evil" }],
      ["read_file", { path: "/proc/self/environ" }],
      ["read_file", { path: "/etc/passwd" }],
      shell("rm link"),
    );
    for (const result of results.slice(1, -1))
      expect(result).toMatch(/^denied \((bad_path|not_granted)\)/);
    expect(await container.must(["ls", journal])).not.toContain("x\n");
  });

  it("leaves no process, also after setsid and a timeout", async () => {
    const mark = "86421.5";
    const [result] = await run(
      shell(`echo begun; (setsid nohup sleep ${mark} >/dev/null 2>&1 &); setsid sleep ${mark}`, 3),
    );
    expect(result).toMatch(/^begun\n\[killed after 3 s/);
    expect((await container.exec(["pgrep", "-f", `^sleep ${mark}`])).code).toBe(1);
  });

  it("dies of its memory alone: the runner goes on", async () => {
    const [hog, after] = await run(
      shell("head -c 8G /dev/zero | tail -c 7G > /dev/null; echo $?"),
      shell("echo fine"),
    );
    expect(hog).toMatch(/(^|\n)(137|1)\n/);
    expect(after).toBe("fine\n[exit code 0]");
  });

  it("cannot exhaust processes for the runner", async () => {
    const [, after] = await run(shell("b() { b | b & }; b; sleep 1", 5), shell("echo fine"));
    expect(after).toBe("fine\n[exit code 0]");
  });

  it("keeps a long output whole in a file that it can read", async () => {
    const [cut] = await run(shell("seq 1 100000"));
    const file = /all of it in (\S+)/.exec(cut ?? "")?.[1] ?? "";
    expect(cut?.length).toBeLessThan(5500);
    const [lines, head] = await run(shell(`wc -l < ${file}`), [
      "read_file",
      { path: file, limit: 2 },
    ]);
    expect(lines).toBe("100000\n[exit code 0]");
    expect(head).toMatch(/^1\n2\n/);
  });

  it("may be code in a throw-away sandbox, with files of the workspace in and out", async () => {
    const code = "import os\nopen('out', 'w').write(open('in').read() * 2)\nprint(os.listdir('.'))";
    const [, ran, made, journal] = await run(
      ["write_file", { path: "in", content: "ab" }],
      ["run_code", { language: "python", code, files: ["in"], outputs: ["out"] }],
      ["read_file", { path: "out" }],
      ["run_code", { language: "shell", code: `ls ${base()}`, files: [`${base()}/state`] }],
    );
    expect(ran).toMatch(/^\[.*'in'.*\]\ncreated out: 4 bytes\n\[exit code 0; /);
    expect(made).toBe("abab");
    expect(journal).toMatch(/^denied/);
  });
});
