/**
 * Has code run in a throw-away sandbox: one connection to con-sandbox.socket, one run.
 *
 * Never: throws for what code, sandbox or machine do; runs anything itself. When this process ends, however, the
 * connection ends, and with it the run.
 */
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { bounds } from "./bounds.ts";
import { createFrameReader, FrameError, type FrameKind, frame, jsonFrame } from "./frame.ts";
import { nothingRun, parseReply, type Reply } from "./reply.ts";
import { type Header, troubleWith } from "./request.ts";
import type { RunEnding, RunFile, RunRequest, RunResult, RunThrowaway } from "./types.ts";

const sandboxSocket = "/run/con/sandbox/socket";

export interface ClientOptions {
  readonly socket?: string;
  /** How long a free place is waited for. */
  readonly patienceMs?: number;
  readonly now?: () => number;
}

const defaultPatienceMs = 60_000;
const firstPauseMs = 50;
const longestPauseMs = 1000;

export function createRunThrowaway(options: ClientOptions = {}): RunThrowaway {
  const { socket = sandboxSocket, patienceMs = defaultPatienceMs, now = Date.now } = options;
  return async (request, signal) => {
    const header = headerOf(request);
    const why = troubleWith(header) ?? sizeTrouble(request);
    if (why !== null) return ended({ kind: "refused", why });
    const until = now() + patienceMs;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      if (signal.aborted) return ended({ kind: "aborted" });
      const result = await attempt(socket, header, request, signal);
      if (result !== "busy") return result;
      if (now() >= until) return ended({ kind: "unavailable", why: noPlace });
      // An abort ends the pause; the loop sees it.
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  };
}

const noPlace =
  "no sandbox became free: too many run at a time, or they fail to start (journalctl -u 'con-sandbox@*')";

const headerOf = (request: RunRequest): Header => ({
  version: 1,
  language: request.language,
  arguments: request.arguments ?? [],
  files: (request.files ?? []).map(({ path }) => path),
  outputs: request.outputs ?? [],
  timeoutSeconds: request.timeoutSeconds ?? bounds.timeoutSeconds.default,
  memoryMb: request.memoryMb ?? bounds.memoryMb.default,
  layers: request.layers ?? [],
});

function sizeTrouble({ code, stdin = "", files = [] }: RunRequest): string | null {
  if (Buffer.byteLength(code) > bounds.codeBytes) return `code: at most ${bounds.codeBytes} bytes`;
  const all = [Buffer.byteLength(code), Buffer.byteLength(stdin)];
  const total = [...all, ...files.map(({ bytes }) => bytes.length)].reduce((a, b) => a + b, 0);
  return total > bounds.inputBytes
    ? `files: all together at most ${bounds.inputBytes} bytes`
    : null;
}

/** One connection. `busy`: it ended without a word, as PID 1 does where no more may run at a time. */
function attempt(
  path: string,
  header: Header,
  request: RunRequest,
  signal: AbortSignal,
): Promise<RunResult | "busy"> {
  return new Promise((resolve) => {
    const heard = createListener(request);
    const socket = net.connect(path);
    const finish = (result: RunResult | "busy"): void => {
      signal.removeEventListener("abort", aborted);
      socket.destroy();
      resolve(result);
    };
    const aborted = () => finish(heard.result({ kind: "aborted" }));
    signal.addEventListener("abort", aborted, { once: true });
    let trouble: NodeJS.ErrnoException | null = null;
    socket.once("connect", () => say(socket, header, request));
    socket.on("data", (chunk) => {
      try {
        heard.add(chunk);
      } catch (error) {
        if (!(error instanceof FrameError || error instanceof SyntaxError)) throw error;
        return finish(
          heard.result({ kind: "killed", why: `its answer is broken: ${error.message}` }),
        );
      }
      const result = heard.whole();
      if (result !== null) finish(result);
    });
    socket.on("error", (error) => {
      trouble ??= error;
    });
    socket.once("close", () => finish(heard.lost(trouble)));
  });
}

function say(
  socket: net.Socket,
  header: Header,
  { code, stdin = "", files = [] }: RunRequest,
): void {
  socket.write(jsonFrame("h", header));
  for (const bytes of [Buffer.from(code), Buffer.from(stdin), ...files.map((file) => file.bytes)])
    socket.write(frame("b", bytes));
}

interface Listener {
  /** Throws what a broken answer causes. */
  readonly add: (chunk: Buffer) => void;
  /** Null until everything has come. */
  readonly whole: () => RunResult | null;
  readonly lost: (error: NodeJS.ErrnoException | null) => RunResult | "busy";
  readonly result: (ending: RunEnding) => RunResult;
}

function createListener({ onOutput }: RunRequest): Listener {
  const parts: Record<"o" | "e" | "O" | "E", Buffer[]> = { o: [], e: [], O: [], E: [] };
  let reply: Reply | null = null;
  const blobs: Buffer[] = [];
  let isSilent = true;
  const take = (kind: FrameKind, bytes: Buffer): void => {
    isSilent = false;
    if (kind === "r") reply = parseReply(bytes);
    else if (kind === "b") blobs.push(bytes);
    else if (kind !== "h") parts[kind].push(bytes);
    if (kind === "o" || kind === "e")
      onOutput?.({ stream: kind === "o" ? "stdout" : "stderr", bytes });
  };
  const most = (kind: FrameKind): number | null => (kind === "h" ? null : bounds.outputBytes);
  const reader = createFrameReader(most, take);
  const printed = (head: "o" | "e", tail: "O" | "E", total: number | undefined) => {
    const [first, last] = [Buffer.concat(parts[head]), Buffer.concat(parts[tail])];
    return { head: first, tail: last, totalBytes: total ?? first.length + last.length };
  };
  const result = (ending: RunEnding): RunResult => {
    const { files, stdoutBytes, stderrBytes, version: _, ...rest } = reply ?? nothingRun(none);
    const isKnown = reply !== null;
    return {
      ...rest,
      ending,
      stdout: printed("o", "O", isKnown ? stdoutBytes : undefined),
      stderr: printed("e", "E", isKnown ? stderrBytes : undefined),
      files: files.flatMap((path, index): RunFile[] => {
        const bytes = blobs[index];
        return bytes === undefined ? [] : [{ path, bytes }];
      }),
    };
  };
  return {
    add: reader.add,
    whole: () =>
      reply !== null && blobs.length === reply.files.length ? result(reply.ending) : null,
    lost: (error) => {
      const code = error?.code ?? "";
      const why = away[code];
      if (isSilent && why !== undefined) return result(why);
      if (isSilent && (error === null || passing.has(code))) return "busy";
      return result({ kind: "killed", why: `the sandbox ended without an answer ${code}`.trim() });
    },
    result,
  };
}

const none = { kind: "unavailable", why: "" } as const;
const ended = (ending: RunEnding): RunResult =>
  createListener({ language: "shell", code: "" }).result(ending);

const start = "systemctl start con-sandbox.socket";
/** Who cannot be connected to. Only granted users reach the socket: its directory's access list. */
const away: Readonly<Record<string, RunEnding>> = {
  ENOENT: { kind: "unavailable", why: `there is no con-sandbox.socket here: ${start}` },
  ECONNREFUSED: { kind: "unavailable", why: `con-sandbox.socket does not listen: ${start}` },
  EACCES: {
    kind: "refused",
    why: "this user may run no code: its manifest grants no tool that does",
  },
};
/** PID 1 hung up while it was still being talked to, or its queue is full. */
const passing: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "EAGAIN"]);
