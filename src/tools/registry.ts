/** The tools that come with con. No side effects at import: build/generate.ts reads their schemas. */
import { agents } from "./agents.ts";
import { askAgent } from "./ask-agent.ts";
import { importData } from "./data/import-data.ts";
import { sql } from "./data/sql.ts";
import { vectors } from "./data/vectors.ts";
import { deleteFile } from "./delete-file.ts";
import { editFile } from "./edit-file.ts";
import { fileVersions } from "./file-versions.ts";
import { forgeTool } from "./forge/forge-tool.ts";
import { planGoal } from "./goal/plan-goal.ts";
import { runBatch } from "./goal/run-batch.ts";
import { listFiles } from "./list-files.ts";
import { forget, verify } from "./memory/change.ts";
import { memories } from "./memory/memories.ts";
import { recall } from "./memory/recall.ts";
import { remember } from "./memory/remember.ts";
import { proposeChange } from "./propose.ts";
import { readFile } from "./read-file.ts";
import { reply } from "./reply.ts";
import { installPackage, requestGrant } from "./request.ts";
import { restoreFile } from "./restore-file.ts";
import { reviewChange } from "./review-change.ts";
import { analyzeFiles } from "./roles/analyze-files.ts";
import { consultAdviser } from "./roles/consult-adviser.ts";
import { secondOpinion } from "./roles/second-opinion.ts";
import { summarize } from "./roles/summarize.ts";
import { runCode } from "./run-code.ts";
import { searchFiles } from "./search-files.ts";
import { sendTask } from "./send-task.ts";
import { shareTool } from "./share-tool.ts";
import { shell } from "./shell.ts";
import { useSkill } from "./skill/use-skill.ts";
import { spawnAgent, spawnAgents } from "./spawn.ts";
import { amendAgent, commissionAgent, controlAgent, retireAgent } from "./steward.ts";
import type { Tool } from "./tool.ts";
import { updatePlan } from "./update-plan.ts";
import { fetchWebpage } from "./web/fetch-webpage.ts";
import { searchWeb } from "./web/search-web.ts";
import { writeFile } from "./write-file.ts";

export interface ToolCategory {
  readonly name: string;
  readonly tools: readonly Tool[];
}

/**
 * A new tool gets its category by standing in one of these lists; a new category is one more list. Models with many
 * tools see those of `coreTools` in full, and of the others the names, by category (agent/toolbox/view.ts).
 */
export function toolCategories(): ToolCategory[] {
  return [
    { name: "shell", tools: [shell] },
    { name: "skills", tools: [useSkill] },
    { name: "code", tools: [runCode, forgeTool] },
    { name: "files", tools: [readFile, writeFile, editFile, listFiles, searchFiles] },
    { name: "versions", tools: [deleteFile, restoreFile, fileVersions] },
    { name: "data", tools: [sql, importData, vectors] },
    { name: "agents", tools: [sendTask, askAgent, reply, agents] },
    {
      name: "steward",
      tools: [
        ...[commissionAgent, amendAgent, retireAgent, controlAgent],
        ...[requestGrant, installPackage, proposeChange, shareTool, reviewChange],
      ],
    },
    { name: "spawn", tools: [spawnAgent, spawnAgents] },
    { name: "planning", tools: [updatePlan, planGoal, runBatch] },
    { name: "models", tools: [consultAdviser, summarize, secondOpinion, analyzeFiles] },
    { name: "web", tools: [fetchWebpage, searchWeb] },
    { name: "memory", tools: [remember, recall, forget, verify, memories] },
  ];
}

/** What nearly every task needs; seen in full by every agent that has them. Some 2,200 tokens. */
export const coreTools: ReadonlySet<string> = new Set([
  ...["shell", "read_file", "write_file", "edit_file", "list_files", "search_files"],
  ...[
    "use_skill",
    "send_task",
    "ask_agent",
    "reply",
    "agents",
    "update_plan",
    "remember",
    "recall",
  ],
]);

export const builtinTools = (): Tool[] => toolCategories().flatMap(({ tools }) => tools);
