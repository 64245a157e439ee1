/**
 * Constructs that forged code has no use for. Pure.
 *
 * A hint to the coder, not a wall: code can say all of this in words that no list knows. The wall is the sandbox: it
 * has no network, nothing of this machine but /usr, and an end.
 */
import type { Language } from "../../sandbox/throwaway/request.ts";
import { hiddenCharacter } from "../../skill/hidden.ts";

interface Rule {
  readonly pattern: RegExp;
  readonly what: string;
}

const rule = (what: string, pattern: RegExp): Rule => ({ what, pattern });

const longestLine = 500;

/** Encoded programs are long words; text has none of this length. */
const everywhere: readonly Rule[] = [
  rule("an absolute path", /["'`=\s]\/(?:etc|proc|sys|srv|var|home|root|run|dev|opt|mnt|boot)\b/),
  rule(
    "text that may hide a program (base64 or hex)",
    /[A-Za-z0-9+/]{200,}|(?:\\x[0-9a-f]{2}){40,}/i,
  ),
];

const imports = (...names: readonly string[]): RegExp =>
  new RegExp(`^[ \\t]*(?:from|import)[ \\t][^\\n#]*\\b(?:${names.join("|")})\\b`, "m");

const python: readonly Rule[] = [
  rule(
    "the network",
    imports("socket", "ssl", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib"),
  ),
  rule("the network", /\b(?:http\.(?:client|server)|urllib\.request|socketserver|xmlrpc)\b/),
  rule("the network", /\bfrom\s+(?:http|urllib)\s+import\s+[^\n]*\b(?:client|server|request)\b/),
  rule("starting of processes", imports("subprocess", "pty", "multiprocessing")),
  rule(
    "starting of processes",
    /\bos\s*\.\s*(?:system|popen|fork\w*|exec\w+|spawn\w+|posix_spawn\w*)\b|\bcreate_subprocess_/,
  ),
  rule("code made while it runs", /(?<![\w.])(?:eval|exec|compile|__import__)\s*\(/),
  rule("code made while it runs", /\b(?:importlib|runpy|marshal|__builtins__|__subclasses__)\b/),
  rule("native code", imports("ctypes", "cffi", "_ctypes", "mmap")),
  rule("objects from bytes", imports("pickle", "shelve", "dill")),
  rule(
    "its environment",
    /\bos\s*\.\s*(?:environ\w*|getenv\w*)\b|\bfrom\s+os\s+import[^\n]*environ/,
  ),
];

const nodeModules = (...names: readonly string[]): RegExp =>
  new RegExp(
    `(?:from|import|require\\s*\\(|import\\s*\\()\\s*["'\`](?:node:)?(?:${names.join("|")})(?:/[\\w/]*)?["'\`]`,
  );

const node: readonly Rule[] = [
  rule("the network", nodeModules("net", "http", "https", "http2", "dgram", "tls", "dns")),
  rule("the network", /(?<![\w.])(?:fetch|XMLHttpRequest|WebSocket|EventSource)\s*\(/),
  rule("starting of processes", nodeModules("child_process", "cluster", "worker_threads")),
  rule("code made while it runs", nodeModules("vm", "module", "inspector", "repl", "wasi")),
  rule("code made while it runs", /(?<![\w.])(?:eval|Function)\s*\(|\bWebAssembly\b/),
  rule("code made while it runs", /\bimport\s*\(\s*[^"'\s]|\brequire\s*\(\s*[^"'\s]/),
  rule("native code", /\bprocess\s*\.\s*(?:binding|dlopen|_linkedBinding)\b/),
  rule("its environment", /\bprocess\s*(?:\.\s*env\b|\[)/),
];

/** Starting programs is what a shell is for; where it could go is left out. */
const shell: readonly Rule[] = [
  rule(
    "the network",
    /(?:^|[\s;|&(`])(?:curl|wget|nc|ncat|socat|ssh|scp|telnet|ftp)(?=[\s;|&)`]|$)/m,
  ),
  rule("the network", /\/dev\/(?:tcp|udp)\//),
  rule("code made while it runs", /(?:^|[\s;|&(`])(?:eval|source|exec)(?=\s)/m),
  rule("code made while it runs", /\|\s*(?:ba|da|z)?sh\b|\bbase64\s+(?:-d|--decode|-D)\b/),
  rule("processes that outlive it", /(?:^|[\s;|&(`])(?:setsid|nohup|disown)(?=[\s;|&)`]|$)/m),
  rule(
    "its environment",
    /(?:^|[\s;|&(`])(?:printenv|env|declare\s+-x|export\s+-p)(?=\s*(?:$|[;|&)`]))/m,
  ),
];

const rules: Readonly<Record<Language, readonly Rule[]>> = { python, node, shell };

/** What is wrong with it, each with its line; empty: nothing that this knows. */
export function forbiddenIn(language: Language, code: string): string[] {
  const long = code.split("\n").findIndex((line) => line.length > longestLine);
  const lines = long < 0 ? [] : [`line ${long + 1} is longer than ${longestLine} characters`];
  const hidden = hiddenCharacter(code.replaceAll("\r\n", "\n"));
  if (hidden !== null)
    lines.push(
      `line ${hidden.line}: it must not use a character that nobody sees (${hidden.code})`,
    );
  const found = [...rules[language], ...everywhere].flatMap(({ what, pattern }) => {
    const at = code.search(pattern);
    return at < 0 ? [] : [`line ${lineAt(code, at)}: it must not use ${what}`];
  });
  return [...new Set([...lines, ...found])];
}

/** The match may begin with the end of the line before. */
const lineAt = (code: string, at: number): number => {
  const start = code[at] === "\n" ? at + 1 : at;
  return code.slice(0, start).split("\n").length;
};
