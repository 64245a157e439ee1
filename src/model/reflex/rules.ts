/**
 * The rules of the reflex engine, in the order in which they are tried. Pure.
 *
 * | a task that          | calls                | and is answered with              |
 * | asks for agents      | agents               | all of them, and how they are     |
 * | asks how things are  | shell, agents        | figures of the machine and agents |
 * | asks for figures     | shell                | those figures                     |
 * | orders something     | the tool for it      | what the tool said                |
 */
import { findCommission, findRetirement } from "./commission.ts";
import { figuresCommand } from "./figures.ts";
import * as questions from "./questions.ts";
import type { Found, ReflexCall, Rule } from "./rule.ts";
import * as sentences from "./sentences.ts";
import { findSpawn, spawnedText } from "./spawn.ts";
import { commissionedText, retiredText } from "./steward-wording.ts";
import * as wording from "./wording.ts";

const call = (name: string, args: Record<string, unknown> = {}): ReflexCall => ({
  name,
  arguments: args,
});

const shell = (command: string): ReflexCall => call("shell", { command });

/** Questions are answered for everybody: what is looked at is fixed, and only looked at. */
const question = (rest: Omit<Rule, "verifiedOnly">): Rule => ({ ...rest, verifiedOnly: false });
const order = (rest: Omit<Rule, "verifiedOnly">): Rule => ({ ...rest, verifiedOnly: true });

const none = (): readonly ReflexCall[] => [];

/** The pattern of `search_files` is a regular expression; what people give is meant literally. */
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|#-]/g, "\\$&");

export const rules: readonly Rule[] = [
  question({
    intent: "help",
    match: questions.asksForHelp,
    calls: none,
    answer: () => wording.helpText,
  }),
  question({
    intent: "list agents",
    sure: true,
    match: questions.asksForAgents,
    calls: () => [call("agents")],
    answer: wording.agentsText,
  }),
  question({
    intent: "report the status",
    sure: true,
    match: questions.asksForStatus,
    calls: () => [shell(figuresCommand(wording.statusFigures)), call("agents")],
    answer: wording.statusText("Status of the system:", wording.statusFigures),
  }),
  question({
    intent: "report figures",
    sure: true,
    match: questions.asksForFigures,
    calls: (found) => [shell(figuresCommand(wording.figuresOf(found)))],
    answer: wording.figuresAnswer,
  }),
  question({
    intent: "do periodic work",
    match: questions.isScheduledRun,
    calls: () => [call("agents"), shell(figuresCommand(wording.briefFigures))],
    answer: wording.statusText("Scheduled run: looked at disk and agents.", wording.briefFigures),
  }),
  question({
    intent: "greet",
    match: questions.isGreeting,
    calls: none,
    answer: () => wording.greetingText,
  }),
  order({
    intent: "commission agents",
    match: findCommission,
    calls: ({ manifest }) =>
      manifest === undefined ? [] : [call("commission_agent", { manifest })],
    answer: commissionedText,
  }),
  order({
    intent: "retire agents",
    match: findRetirement,
    calls: (found) => [call("retire_agent", { agent: text(found, "agent") })],
    answer: retiredText,
  }),
  order({
    intent: "spawn agents",
    match: findSpawn,
    calls: (found) => [
      call("spawn_agent", { role: text(found, "role"), goal: text(found, "goal") }),
    ],
    answer: spawnedText,
  }),
  order({
    intent: "run commands",
    match: sentences.findCommand,
    calls: (found) => [shell(text(found, "command"))],
    answer: wording.commandText,
  }),
  order({
    intent: "list files",
    match: sentences.findFolderToList,
    calls: (found) => [call("list_files", { path: text(found, "path") })],
    answer: wording.fileText("list_files", "Files in"),
  }),
  order({
    intent: "read files",
    match: sentences.findFileToRead,
    calls: (found) => [call("read_file", { path: text(found, "path") })],
    answer: wording.fileText("read_file", "What read_file gave for"),
  }),
  order({
    intent: "search files",
    match: sentences.findSearch,
    calls: (found) => [
      call("search_files", {
        pattern: literal(text(found, "pattern")),
        path: text(found, "path"),
      }),
    ],
    answer: wording.fileText("search_files", "What the search found in"),
  }),
  order({
    intent: "write files",
    match: sentences.findFileToWrite,
    calls: (found) => [
      call("write_file", {
        path: text(found, "path"),
        content: text(found, "content"),
        ...(found["append"] === "yes" ? { append: true } : {}),
      }),
    ],
    answer: wording.writtenText,
  }),
  order({
    intent: "ask other agents",
    match: sentences.findQuestion,
    calls: (found) => [
      call("ask_agent", { agent: text(found, "agent"), message: text(found, "text") }),
    ],
    answer: wording.askedText,
  }),
  order({
    intent: "pass on tasks",
    match: sentences.findMessage,
    calls: (found) => [
      call("send_task", { agent: text(found, "agent"), text: text(found, "text") }),
    ],
    answer: wording.sentText,
  }),
];

const text = (found: Found, key: string): string => found[key] ?? "";
