/**
 * Whether code can be read at all, asked of its own language in the throw-away sandbox. Nothing of it is run. Never:
 * believes more of the answer than whether it is an error and which names are imported.
 */
import type { Language } from "../../sandbox/throwaway/request.ts";
import type { RunRequest } from "../../sandbox/throwaway/types.ts";
import { nodeImports } from "./dependencies.ts";
import { type Runs, runOnce, said } from "./run.ts";

const mostCodeBytes = 200_000;

export type Read =
  /** `imported`: roots of what it imports and its language does not have. */
  | { readonly kind: "read"; readonly imported: readonly string[] }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "unrun"; readonly why: string };

/** Compiles, and lists imports that are not of the standard library. */
const pythonCheck = `
import ast, json, sys
source = open("candidate.py", encoding="utf-8").read()
try:
    tree = ast.parse(source, "candidate.py")
    compile(source, "candidate.py", "exec", dont_inherit=True)
except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(1)
names = set()
for node in ast.walk(tree):
    if isinstance(node, ast.Import):
        names.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        names.add("." if node.level else node.module)
roots = {name.split(".")[0] or "." for name in names}
print(json.dumps(sorted(roots - set(sys.stdlib_module_names))))
`;

/** As a script or as a module: node finds out in the same order. */
const nodeCheck = `
const fs = require("node:fs");
const { compileFunction } = require("node:vm");
const { spawnSync } = require("node:child_process");
const source = fs.readFileSync("candidate.mjs", "utf8");
let first = null;
try { compileFunction(source.replace(/^#!.*/, ""), ["exports", "require", "module"]); }
catch (error) { first = error; }
if (first !== null) {
  const argv = ["--check", "candidate.mjs"];
  const checked = spawnSync(process.execPath, argv, { encoding: "utf8" });
  if (checked.status !== 0) {
    const isModule = /^\\s*(?:import|export)\\b/m.test(source);
    console.error(isModule ? checked.stderr : String(first.stack).split("\\n    at")[0]);
    process.exit(1);
  }
}
`;

const checks: Readonly<Record<Language, { readonly file: string; readonly code: string }>> = {
  python: { file: "candidate.py", code: pythonCheck },
  node: { file: "candidate.mjs", code: nodeCheck },
  shell: { file: "candidate.sh", code: "bash -n candidate.sh" },
};

const checkSeconds = 30;

/** What can be said of it without asking anybody; null: nothing. */
export function sizeTrouble(code: string): string | null {
  const bytes = Buffer.byteLength(code);
  if (code.trim() === "") return "there is no code";
  if (bytes > mostCodeBytes) return `the code has ${bytes} bytes, at most ${mostCodeBytes} may be`;
  return code.includes("\0") || !code.isWellFormed() ? "the code is not text" : null;
}

export async function read(language: Language, code: string, runs: Runs): Promise<Read> {
  const check = checks[language];
  const request: RunRequest = {
    language,
    code: check.code,
    files: [{ path: check.file, bytes: Buffer.from(code) }],
    timeoutSeconds: checkSeconds,
  };
  const ran = await runOnce(runs, request);
  if (ran.kind !== "ran") return ran;
  const { ending, stdout } = ran.result;
  if (ending.kind !== "exit" || ending.code !== 0) return { kind: "failed", why: said(ran.result) };
  if (language === "node") return { kind: "read", imported: nodeImports(code) };
  return { kind: "read", imported: language === "shell" ? [] : namesIn(stdout.head) };
}

function namesIn(bytes: Buffer): string[] {
  const names = JSON.parse(bytes.toString("utf8")) as unknown;
  return Array.isArray(names) ? names.map(String) : [];
}
