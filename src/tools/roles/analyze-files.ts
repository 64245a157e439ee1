/**
 * Has another model read files in full and answer an instruction about them: a summary comes back, the whole
 * report lies in `reports/`. Never: lets one file that cannot be read keep it from the others.
 */
import { cutMiddle, safeText } from "../../sandbox/output.ts";
import { done, refused, text } from "../answer.ts";
import { denied } from "../denial.ts";
import type { ModelAnswer } from "../desks.ts";
import { asStrangers } from "../files/strangers.ts";
import type { ToolResult } from "../result.ts";
import type { Tool } from "../tool.ts";
import { type FileAnalysis, roleForms } from "./forms.ts";
import { modelDenial } from "./grant.ts";
import { lookAt } from "./look.ts";
import { mostBytesFor, type Part } from "./parts.ts";
import { type Asking, isAsking, noModels, questionOf, spoken, unanswered } from "./question.ts";
import { readThrough } from "./read-through.ts";
import { keepReport, whereText } from "./report.ts";
import type { Source } from "./source.ts";
import { sourceOf } from "./sources.ts";

const alias = "analyst";
const form = { name: "file_analysis", schema: roleForms.file_analysis };

const role =
  "You analyse files for an agent that cannot read all of them itself. Answer its instruction from what is " +
  "there and from nothing else; name the file for each finding, with exact names, numbers and quotations where " +
  "the wording matters. Say what is missing or contradicts itself. executive_summary: what the agent must know, " +
  "at most 200 words. full_report: everything, in Markdown.";

export const analyzeFiles: Tool = {
  name: "analyze_files",
  description:
    "Has another model read whole files, long ones too, and answer an instruction about them: text, PDF, and " +
    "images where a vision model is granted. You get a summary; the report is kept in a file.",
  parameters: {
    type: "object",
    properties: {
      paths: {
        type: "array",
        minItems: 1,
        maxItems: 50,
        items: { type: "string", minLength: 1, maxLength: 4096 },
        description: "Absolute, or relative to the workspace",
      },
      instruction: {
        type: "string",
        minLength: 1,
        maxLength: 10_000,
        description: "What you want to know from them",
      },
    },
    required: ["paths", "instruction"],
    additionalProperties: false,
  },
  parallel: false,
  async run(args, context) {
    if (!isAsking(context)) return noModels;
    const denial = modelDenial(context, context.models, alias);
    if (denial !== null) return denied(denial);
    const instruction = text(args, "instruction");
    const files = await read(context, args["paths"] as readonly string[], instruction);
    if (files.every(({ part }) => part === null))
      return refused(`nothing could be read:\n${listOf(files)}`);
    const answer = await analyse(context, instruction, files);
    if (!answer.ok && answer.kind !== "invalid") return unanswered(alias, answer);
    const strange = files.some(({ isStrange }) => isStrange);
    return asStrangers(report(context, instruction, files, answer), strange);
  },
};

interface Read {
  readonly path: string;
  readonly about: string;
  /** Null: not read, and `about` says why. */
  readonly part: Part | null;
  readonly isStrange: boolean;
}

/** All files of a call together: as much as so many that are read to the bounds of one. */
const mostTexts = 2;
const leastBytes = 4096;

async function read(
  context: Asking,
  paths: readonly string[],
  instruction: string,
): Promise<Read[]> {
  const most = mostBytesFor(context.models.windows[alias] ?? null);
  let left = mostTexts * most;
  const files: Read[] = [];
  for (const path of new Set(paths)) {
    if (left < leastBytes) {
      files.push({
        path,
        about: "the files before it are as much as one call reads",
        part: null,
        isStrange: false,
      });
      continue;
    }
    const file = await asRead(
      context,
      await sourceOf(context, path, Math.min(most, left)),
      instruction,
    );
    left -= Buffer.byteLength(file.part?.text ?? "");
    files.push(file);
  }
  return files;
}

async function asRead(context: Asking, source: Source, instruction: string): Promise<Read> {
  const { path, about } = source;
  const isStrange = source.untrusted === true;
  switch (source.kind) {
    case "note":
      return { path, about, part: null, isStrange };
    case "text":
      return { path, about, part: { title: `${path}, ${about}`, text: source.text }, isStrange };
    case "image": {
      const seen = await lookAt(context, source, instruction);
      if (!seen.ok)
        return { path, about: `${about}; not looked at: ${seen.why}`, part: null, isStrange };
      const title = `${path}, ${about}, as ${seen.model} saw it`;
      return {
        path,
        about: `${about}, looked at by ${seen.model}`,
        part: { title, text: seen.text },
        isStrange,
      };
    }
  }
}

const listOf = (files: readonly Read[]): string =>
  files
    .map(({ path, about, part }) => `- ${path}: ${part === null ? "not read: " : ""}${about}`)
    .join("\n");

function analyse(
  context: Asking,
  instruction: string,
  files: readonly Read[],
): Promise<ModelAnswer> {
  const missing = files.filter(({ part }) => part === null);
  const parts = files.flatMap(({ part }) => part ?? []);
  const gaps = { title: "files that are not among these, and why", text: listOf(missing) };
  return readThrough(context, {
    alias,
    instruction,
    parts: missing.length === 0 ? parts : [...parts, gaps],
    finish: (given, isWhole) => {
      const what = isWhole ? "The files follow." : "Notes on every portion of the files follow.";
      const messages = questionOf(role, `Instruction:\n${instruction}\n\n${what}`, given);
      return context.ask({ alias, messages, form }, context.signal);
    },
  });
}

const rawChars = 4000;
const reportChars = 16_000;

/** An answer of another form is kept as it is. */
function report(
  context: Asking,
  instruction: string,
  files: readonly Read[],
  answer: ModelAnswer,
): ToolResult {
  const model = answer.ok ? answer.model : alias;
  const { executive_summary: said, full_report: whole } = answer.ok
    ? (answer.value as FileAnalysis)
    : rawOf(answer.text ?? "");
  const [summary, full] = [said, whole].map((one) => safeText(Buffer.from(one)));
  const kept = keepReport(
    context,
    "analysis",
    [
      `# Analysis by ${model}`,
      `## Instruction\n\n${instruction}`,
      `## Files\n\n${listOf(files)}`,
      `## Summary\n\n${summary}`,
      `## Report\n\n${full}`,
    ].join("\n\n"),
  );
  const lost = "path" in kept ? "" : `\n\n${cutMiddle(full ?? "", reportChars, "cut")}`;
  const where = `[The full report is ${"path" in kept ? "" : "not on disk: "}${whereText(kept)}]`;
  return done(`${spoken(model, alias)}\n${where}\n${summary}${lost}\n\nFiles:\n${listOf(files)}`);
}

const rawOf = (text: string): FileAnalysis => ({
  executive_summary: `(its answer was not of the form that was asked for; it is kept raw)\n${cutMiddle(text, rawChars, "cut")}`,
  full_report: text,
});
