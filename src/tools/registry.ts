/** The tools that come with con. No side effects at import: build/generate.ts reads their schemas. */
import { agents } from "./agents.ts";
import { askAgent } from "./ask-agent.ts";
import { editFile } from "./edit-file.ts";
import { listFiles } from "./list-files.ts";
import { readFile } from "./read-file.ts";
import { reply } from "./reply.ts";
import { searchFiles } from "./search-files.ts";
import { sendTask } from "./send-task.ts";
import { shell } from "./shell.ts";
import { amendAgent, commissionAgent, controlAgent, retireAgent } from "./steward.ts";
import type { Tool } from "./tool.ts";
import { writeFile } from "./write-file.ts";

export function builtinTools(): Tool[] {
  const files = [readFile, writeFile, editFile, listFiles, searchFiles];
  const steward = [commissionAgent, amendAgent, retireAgent, controlAgent];
  return [shell, ...files, sendTask, askAgent, reply, agents, ...steward];
}
