/** The tools that come with con. No side effects at import: build/generate.ts reads their schemas. */
import { agents } from "./agents.ts";
import { askAgent } from "./ask-agent.ts";
import { editFile } from "./edit-file.ts";
import { planGoal } from "./goal/plan-goal.ts";
import { runBatch } from "./goal/run-batch.ts";
import { listFiles } from "./list-files.ts";
import { forget, verify } from "./memory/change.ts";
import { memories } from "./memory/memories.ts";
import { recall } from "./memory/recall.ts";
import { remember } from "./memory/remember.ts";
import { readFile } from "./read-file.ts";
import { reply } from "./reply.ts";
import { installPackage, requestGrant } from "./request.ts";
import { analyzeFiles } from "./roles/analyze-files.ts";
import { consultAdviser } from "./roles/consult-adviser.ts";
import { secondOpinion } from "./roles/second-opinion.ts";
import { summarize } from "./roles/summarize.ts";
import { searchFiles } from "./search-files.ts";
import { sendTask } from "./send-task.ts";
import { shell } from "./shell.ts";
import { spawnAgent, spawnAgents } from "./spawn.ts";
import { amendAgent, commissionAgent, controlAgent, retireAgent } from "./steward.ts";
import type { Tool } from "./tool.ts";
import { updatePlan } from "./update-plan.ts";
import { writeFile } from "./write-file.ts";

export function builtinTools(): Tool[] {
  const files = [readFile, writeFile, editFile, listFiles, searchFiles];
  const steward = [
    commissionAgent,
    amendAgent,
    retireAgent,
    controlAgent,
    requestGrant,
    installPackage,
  ];
  const spawning = [spawnAgent, spawnAgents];
  const roles = [consultAdviser, summarize, secondOpinion, analyzeFiles];
  const planning = [updatePlan, planGoal, runBatch];
  const memory = [remember, recall, forget, verify, memories];
  const others = [...steward, ...spawning, ...planning, ...roles, ...memory];
  return [shell, ...files, sendTask, askAgent, reply, agents, ...others];
}
