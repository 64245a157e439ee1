/**
 * What an agent may propose to change, and where that lies: its own layer of instructions, its own skills and contracts
 * about itself, nothing else, whatever a path says. Pure.
 */
import { join } from "node:path";
import { skillName } from "../../skill/bounds.ts";

/** A target as a place of the configuration. */
export interface Target {
  readonly kind: "instructions" | "skill" | "contract";
  /** Of the skill or contract; empty for instructions. */
  readonly name: string;
  /** Relative to /etc/con, without a slash at the end. */
  readonly folder: string;
}

const instructionsFile = "AGENTS.md";
const contractFile = "contract.yaml";

/** Null for what is no target. `agent` is the one that asks, as the kernel says. */
export function targetOf(agent: string, text: string): Target | null {
  if (text === "instructions") return { kind: "instructions", name: "", folder: "agents.d" };
  const [word, name = "", more] = text.split(":");
  if (more !== undefined || !skillName.test(name)) return null;
  if (word === "contract") return { kind: "contract", name, folder: "contracts" };
  if (word !== "skill") return null;
  return { kind: "skill", name, folder: `agents.d/${agent}.skills/${name}` };
}

/** Where a proposed file lies, relative to /etc/con; null where it would lie anywhere else. */
export function placeOf(agent: string, target: Target, path: string): string | null {
  if (target.kind === "instructions")
    return path === instructionsFile ? `agents.d/${agent}.md` : null;
  // With the dot no file that ships, and no agent of another name, has that name.
  if (target.kind === "contract")
    return path === contractFile ? `contracts/${agent}.${target.name}.yaml` : null;
  return isPlain(path) ? join(target.folder, path) : null;
}

const part = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}$/;

const isPlain = (path: string): boolean => path.split("/").every((one) => part.test(one));
