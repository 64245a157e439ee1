/**
 * Everything that looks into a page runs here: a child of ours in a sandbox of its own, without a network but the
 * proxy's socket, without a file of this machine but /usr, and without anything that outlives it.
 *
 * What it says is a stranger's word: of bounded size, and read as frames. Never: gets a credential, our environment,
 * or our descriptors. After a crash of ours the kernel kills it (--die-with-parent).
 */
import { spawn } from "node:child_process";
import { createDecoder, type Frame, jsonOf } from "./wire.ts";

export type PageJob =
  | {
      readonly job: "render";
      readonly url: string;
      readonly whole: boolean;
      readonly screenshot: boolean;
      /** Milliseconds until what is there is taken. */
      readonly patience: number;
    }
  | {
      readonly job: "read";
      readonly url: string;
      readonly whole: boolean;
      readonly charset: string | null;
    };

export interface PageResult {
  readonly markdown: Buffer;
  readonly screenshot: Buffer | null;
  /** As the child says it; nothing of it is checked. */
  readonly said: Readonly<Record<string, unknown>>;
}

export type Jailed =
  | ({ readonly ok: true } & PageResult)
  | { readonly ok: false; readonly why: string };

export interface JailDeps {
  /** The program that `con browser page` is. */
  readonly self: readonly [string, string];
  /** Directory with the proxy's socket; null for a job without a network. */
  readonly sockets: string | null;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export const proxySocketName = "proxy.sock";
const inside = "/run/con-web";
const scratchBytes = 768 * 1024 * 1024;
const maxMarkdown = 16 * 1024 * 1024;
const maxScreenshot = 16 * 1024 * 1024;
const maxStderr = 4096;

const rootLinks = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
const etc = ["ld.so.cache", "fonts", "alternatives", "localtime", "nsswitch.conf", "passwd"];

function jailArguments({ self, sockets }: Pick<JailDeps, "self" | "sockets">): string[] {
  return [
    ...[
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-cgroup-try",
    ],
    ...["--unshare-net", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ...["--ro-bind", "/usr", "/usr"],
    ...rootLinks.flatMap((name) => ["--ro-bind-try", `/${name}`, `/${name}`]),
    ...etc.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    ...["--proc", "/proc", "--dev", "/dev"],
    ...["/dev/shm", "/tmp", "/run", "/var/tmp"].flatMap((path) => [
      ...["--size", String(scratchBytes), "--tmpfs", path],
    ]),
    ...(sockets === null ? [] : ["--ro-bind", sockets, inside]),
    ...["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--clearenv"],
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--", ...self, "browser", "page"],
  ];
}

const environment = {
  PATH: "/usr/bin:/bin",
  HOME: "/tmp",
  LANG: "C.UTF-8",
  CON_WEB_PROXY: `${inside}/${proxySocketName}`,
};

/** Runs one job to its end; `page` is what a `read` job reads. */
export function runJailed(deps: JailDeps, job: PageJob, page: Uint8Array | null): Promise<Jailed> {
  return new Promise((resolve) => {
    const child = spawn("bwrap", jailArguments(deps), { env: {}, stdio: ["pipe", "pipe", "pipe"] });
    const found = collect();
    let why: string | null = null;
    const cut = (reason: string): void => {
      why ??= reason;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(
      () => cut(`it took longer than ${deps.timeoutMs / 1000} s`),
      deps.timeoutMs,
    );
    const stop = (): void => cut("it was stopped");
    deps.signal.addEventListener("abort", stop, { once: true });
    const over = (result: Jailed): void => {
      clearTimeout(timer);
      deps.signal.removeEventListener("abort", stop);
      resolve(result);
    };
    child.once("error", (error) => over({ ok: false, why: `bwrap: ${error.message}` }));
    child.stdout.on("data", (chunk: Buffer) => {
      const trouble = found.add(chunk);
      if (trouble !== null) cut(trouble);
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (stderr.length < maxStderr) stderr += chunk.toString("latin1");
    });
    // It may end without reading; its exit tells the story.
    child.stdin.on("error", () => child.stdin.destroy());
    child.stdin.write(`${JSON.stringify(job)}\n`);
    child.stdin.end(page ?? undefined);
    child.once("close", (code, signal) => {
      if (why !== null) return over({ ok: false, why });
      const result = found.end();
      if (result !== null) return over({ ok: true, ...result });
      over({ ok: false, why: `it ended with ${signal ?? code}: ${lastLine(stderr)}` });
    });
    if (deps.signal.aborted) stop();
  });
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";

function collect() {
  const decode = createDecoder();
  const markdown: Buffer[] = [];
  const screenshot: Buffer[] = [];
  let said: Readonly<Record<string, unknown>> | null = null;
  let sizes = { M: 0, S: 0 };
  const take = ({ kind, bytes }: Frame): string | null => {
    if (kind === "R") said = jsonOf(bytes.toString("utf8"));
    else if (kind === "M" || kind === "S") {
      sizes = { ...sizes, [kind]: sizes[kind] + bytes.length };
      (kind === "M" ? markdown : screenshot).push(bytes);
    }
    return sizes.M > maxMarkdown || sizes.S > maxScreenshot ? "it said too much" : null;
  };
  return {
    add(chunk: Buffer): string | null {
      try {
        return (
          decode(chunk)
            .map(take)
            .find((one) => one !== null) ?? null
        );
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return "it said what is no answer";
      }
    },
    end: (): PageResult | null =>
      said === null
        ? null
        : {
            markdown: Buffer.concat(markdown),
            screenshot: screenshot.length === 0 ? null : Buffer.concat(screenshot),
            said,
          },
  };
}
