/**
 * Reads what bootstrap compiled: plain JSON, written whole by root, so nothing is parsed twice.
 *
 * On the way of every cold wake: imports nothing heavy. Never: writes, or invents a default for
 * a file that is missing; that is a ConError saying what to run.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConError, exit } from "../system/errors.ts";
import type {
  AgentRuntime,
  BrowserRuntime,
  GatewayRuntime,
  HealthRuntime,
  SystemRuntime,
} from "./runtime.ts";

export const compiledDirectory = "/var/lib/con/compiled";

/** Where each compiled file lies below `directory`. */
export const compiledPaths = (directory: string = compiledDirectory) => ({
  system: join(directory, "system.json"),
  gateway: join(directory, "gateway.json"),
  browser: join(directory, "browser.json"),
  /** For the evaluator of contracts. */
  health: join(directory, "health.json"),
  /** Who may have code run, for con-sandbox@.service. */
  sandbox: join(directory, "sandbox.json"),
  agents: join(directory, "agents"),
  agent: (name: string) => join(directory, "agents", `${name}.json`),
  /** Assembled AGENTS.md and `skills/` of one agent. */
  agentFiles: (name: string) => join(directory, "agents", name),
});

export function readSystem(directory?: string): SystemRuntime {
  return readCompiled<SystemRuntime>(compiledPaths(directory).system, "configuration");
}

/** `name` must already be a valid agent name: it becomes part of a path. */
export function readAgent(name: string, directory?: string): AgentRuntime {
  return readCompiled<AgentRuntime>(compiledPaths(directory).agent(name), `agent ${name}`);
}

export function readGateway(directory?: string): GatewayRuntime {
  return readCompiled<GatewayRuntime>(compiledPaths(directory).gateway, "gateway configuration");
}

export function readBrowser(directory?: string): BrowserRuntime {
  return readCompiled<BrowserRuntime>(compiledPaths(directory).browser, "browser configuration");
}

export function readHealth(directory?: string): HealthRuntime {
  return readCompiled<HealthRuntime>(compiledPaths(directory).health, "health configuration");
}

function readCompiled<T extends { readonly version: 1 }>(path: string, what: string): T {
  const text = readText(path, what);
  try {
    const value = JSON.parse(text) as T;
    if (value.version === 1) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const why = `${path} was not written by this version of con`;
  throw new ConError(exit.configuration, what, why, "run con bootstrap as root");
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      const why = `there is no ${path}`;
      throw new ConError(exit.configuration, what, why, "run con bootstrap as root");
    }
    if (code === "EACCES") {
      const remedy = "run as root, or as the user that the file belongs to";
      throw new ConError(exit.permission, what, `you may not read ${path}`, remedy);
    }
    throw error;
  }
}
