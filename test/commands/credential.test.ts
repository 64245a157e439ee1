import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkSecret } from "../../src/commands/credential/secret.ts";
import {
  listCredentials,
  removeCredential,
  setCredential,
} from "../../src/commands/credential/verbs.ts";
import { exit } from "../../src/system/errors.ts";
import type { ExecOptions, ExecResult } from "../../src/system/exec.ts";
import { bytesOf, failure, makeIo } from "./support.ts";

const secret = "sk-test-0123456789abcdef";
const yaml = `models: {smart: [p/m], fast: [builtin/reflex]}
system: {front_desk: desk}
providers: {p: {base_url: "https://p.example/v1", credential: pk}}
`;

interface Ran {
  readonly argv: readonly string[];
  readonly input: ExecOptions["input"];
}

function setting(
  rest: { input?: string; terminal?: ReadStream; fail?: string; uid?: number } = {},
) {
  const etc = mkdtempSync(join(tmpdir(), "con-credential-"));
  onTestFinished(() => rmSync(etc, { recursive: true, force: true }));
  writeFileSync(join(etc, "con.yaml"), yaml);
  mkdirSync(join(etc, "agents.d"));
  writeFileSync(join(etc, "agents.d/desk.yaml"), "name: desk\ndescription: x\ntier: worker\n");
  const credentials = join(etc, "credentials");
  const ran: Ran[] = [];
  const execute = async (
    argv: readonly string[],
    options: ExecOptions = {},
  ): Promise<ExecResult> => {
    ran.push({ argv, input: options.input });
    const failed = rest.fail !== undefined && argv[0] === "systemd-creds";
    const stdout = argv[0] === "systemd-creds" ? "ENCRYPTED\n" : "";
    return {
      code: failed ? 1 : 0,
      signal: null,
      stdout: failed ? "" : stdout,
      stderr: failed ? (rest.fail ?? "") : "",
      timedOut: false,
    };
  };
  const test = makeIo(etc, {
    uid: rest.uid ?? 0,
    input: () => bytesOf([Buffer.from(rest.input ?? `${secret}\n`)]),
  });
  const deps = {
    places: { etc, credentials, dev: false },
    execute,
    self: ["node", "con"] as const,
    terminal: rest.terminal ?? null,
  };
  return { ...test, deps, ran, credentials };
}

/** A terminal that notes whether it echoes. */
function fakeTerminal() {
  const modes: boolean[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => modes.push(raw),
  });
  return { stream: stream as unknown as ReadStream, keys: stream, modes };
}

describe("con credential set", () => {
  test("pipes the key to systemd-creds, stores what comes back, applies", async () => {
    const s = setting();
    expect(await setCredential(["pk"], s.io, s.deps)).toBe(0);
    const [encrypt, ...after] = s.ran;
    expect(encrypt?.input).toBe(secret);
    expect(encrypt?.argv).toEqual([
      "systemd-creds",
      "encrypt",
      "--with-key=host",
      "--name=pk",
      "-",
      "-",
    ]);
    expect(after.map(({ argv }) => argv.at(-1))).toEqual(["bootstrap", "con-gateway.service"]);
    expect(JSON.stringify(s.ran.map(({ argv }) => argv)) + s.out() + s.err()).not.toContain(secret);
    const file = join(s.credentials, "pk.cred");
    expect(readFileSync(file, "utf8")).toBe("ENCRYPTED\n");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(s.credentials).mode & 0o777).toBe(0o700);
    expect(readdirSync(s.credentials)).toEqual(["pk.cred"]);
  });

  test("asks a terminal without echo, and gives the echo back", async () => {
    const terminal = fakeTerminal();
    const s = setting({ terminal: terminal.stream });
    terminal.keys.write(`${secret}x\u007f\r`);
    expect(await setCredential(["pk"], s.io, s.deps)).toBe(0);
    expect(s.ran[0]?.input).toBe(secret);
    expect(terminal.modes).toEqual([true, false]);
    expect(s.out() + s.err()).not.toContain(secret);
  });

  test("Ctrl-C at the prompt stores nothing and gives the echo back", async () => {
    const terminal = fakeTerminal();
    const s = setting({ terminal: terminal.stream });
    terminal.keys.write("sk-\u0003");
    expect((await failure(() => setCredential(["pk"], s.io, s.deps))).code).toBe(exit.no);
    expect(terminal.modes).toEqual([true, false]);
    expect(s.ran).toEqual([]);
  });

  test("what systemd-creds says about a failure does not carry the key", async () => {
    const s = setting({ fail: `cannot encrypt ${secret}` });
    const error = await failure(() => setCredential(["pk"], s.io, s.deps));
    expect(error.code).toBe(exit.unavailable);
    expect(error.message).toContain("cannot encrypt [key]");
    expect(error.message).not.toContain(secret);
  });

  test.each(["", "../x", "A", "a b", "a\nb", "-x", "x".repeat(62)])(
    "the name %j never becomes a path",
    async (name) => {
      const s = setting();
      const error = await failure(() => setCredential(["--", name], s.io, s.deps));
      expect(error.code).toBe(exit.badInput);
      expect(s.ran).toEqual([]);
    },
  );

  test.each(["", "  \n", "two words", "line\nline", "ключ", "x".repeat(16_385)])(
    "%j is no key",
    (text) => expect(() => checkSecret(text)).toThrow("secret"),
  );

  test("is root's alone, and the key is not even read", async () => {
    const s = setting({ uid: 1000 });
    const io = {
      ...s.io,
      input: () => {
        throw new Error("it was read");
      },
    };
    expect((await failure(() => setCredential(["pk"], io, s.deps))).code).toBe(exit.permission);
  });

  test("con dev keeps none", async () => {
    const s = setting();
    const deps = { ...s.deps, places: { ...s.deps.places, dev: true } };
    expect((await failure(() => setCredential(["pk"], s.io, deps))).code).toBe(exit.usage);
  });
});

describe("con credential list and remove", () => {
  test("list names keys, who uses them, and which are missing, and shows none", async () => {
    const s = setting();
    listCredentials(["--json"], s.io, s.deps);
    expect(JSON.parse(s.out())).toEqual({
      credentials: [],
      missing: [{ name: "pk", providers: ["p"] }],
    });
    await setCredential(["pk"], s.io, s.deps);
    const after = makeIo(s.credentials, { uid: 0 });
    listCredentials(["--json"], after.io, s.deps);
    const { credentials, missing } = JSON.parse(after.out());
    expect(credentials).toMatchObject([{ name: "pk", providers: ["p"] }]);
    expect(credentials[0].stored_at).toMatch(/^\d{4}-/);
    expect(missing).toEqual([]);
    expect(after.out()).not.toContain("ENCRYPTED");
  });

  test("remove takes the file away and applies; again it is no such credential", async () => {
    const s = setting();
    await setCredential(["pk"], s.io, s.deps);
    s.ran.length = 0;
    expect(await removeCredential(["pk"], s.io, s.deps)).toBe(0);
    expect(readdirSync(s.credentials)).toEqual([]);
    expect(s.ran.map(({ argv }) => argv.at(-1))).toEqual(["bootstrap", "con-gateway.service"]);
    expect((await failure(() => removeCredential(["pk"], s.io, s.deps))).code).toBe(exit.badInput);
  });
});
