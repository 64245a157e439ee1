/**
 * Attempts that take several steps or two parties, and are judged by what comes of them: a test each, in
 * test/image/attack-stories.test.ts and test/image/attack-sender.test.ts.
 */
export interface Story {
  readonly name: string;
  readonly loses: string;
  readonly stops: string;
  /** What shows that the attempt could have worked. */
  readonly control: string;
}

const story = <Name extends string>(
  name: Name,
  loses: string,
  stops: string,
  control: string,
): Story & { readonly name: Name } => ({ name, loses, stops, control });

export const agentStories = [
  story(
    "claim in a task to be root",
    "root's word",
    "who sent a task is the owner of its file",
    "root's own task is verified",
  ),
  story(
    "use a task of root's again",
    "root's word",
    "the copy in the queue is the agent's own",
    "root's own task is verified",
  ),
  story(
    "change a task after it was checked",
    "what was checked is what runs",
    "a copy is what runs",
    "the descriptor that was kept writes: the file has the new text",
  ),
  story(
    "answer a question that went to somebody else",
    "decisions that rest on answers",
    "the note names who may answer; the kernel names who wrote",
    "the agent that was asked answers, and its answer is taken",
  ),
  story(
    "swap a task for a link while it is claimed",
    "files that the receiver may read",
    "O_NOFOLLOW; questions to the open descriptor",
    "a program that opens the same name as the same user reads the secret",
  ),
  story(
    "swap a folder for a link under the file tools of a colleague",
    "the journal of the colleague",
    "paths are walked name by name, without links",
    "a program that opens the same path as the same user writes there",
  ),
  story(
    "ask the steward for more than it may",
    "the rule that people decide",
    "the owner of the request file against the manifest of that uid",
    "the one verb that it may ask for is done",
  ),
  story(
    "name others in requests to the steward",
    "files outside of con, by way of a root program",
    "one schema for names and ids",
    "the same request with a good name is done",
  ),
  story(
    "call the gateway in another's name",
    "another agent's budget; blame",
    "peer credentials (SO_PEERCRED)",
    "the same call is in the ledger, under its own name",
  ),
  story(
    "tell the audit trail another's deeds",
    "blame",
    "the gateway writes the uid that the kernel names",
    "the same line is there, under its own name",
  ),
  story(
    "spend more by calling side by side",
    "money",
    "a reservation before each call, in one transaction",
    "without a limit all calls are made",
  ),
  story(
    "forge lines of con's in the journal",
    "blame",
    "trusted fields are the journal's; con logs looks at these",
    "the line is in the journal, under its own uid",
  ),
  story(
    "flood the journal",
    "the logs of others",
    "the journal's rate limit for each unit; SystemMaxUse",
    "a line of another unit, written meanwhile, is there",
  ),
  story(
    "write escape sequences and HTML to people",
    "their terminals and browsers",
    "everything from agents is escaped where it is shown",
    "the bytes are in the answer's file",
  ),
] as const;

export const senderStories = [
  story(
    "drop a task without being allowed to",
    "the agent's time and trust",
    "access list of the inbox",
    "a member of trusted may",
  ),
  story(
    "drop files that are no tasks",
    "the queue; files that the agent may read",
    "descriptors are asked what they are; odd entries are set aside",
    "a good task that came after them is answered",
  ),
  story(
    "drop names that mean something elsewhere",
    "paths, terminals, shells",
    "a name never reaches a path: ids have one grammar",
    "each of them is answered, as a good task",
  ),
  story(
    "send the steward files that are no requests",
    "the steward; changes",
    "one JSON Schema; descriptors are asked what they are",
    "a good request that came after them is done",
  ),
] as const;

export type AgentStory = (typeof agentStories)[number]["name"];
export type SenderStory = (typeof senderStories)[number]["name"];
