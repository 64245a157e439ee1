/** `list_tasks`: what lies in the folders of agents, as far as the caller may look. Reads only. */
import { folders, type Place } from "../../commands/shared/find.ts";
import { knownAgent } from "../../commands/shared/known.ts";
import { listVisible } from "../../commands/shared/read.ts";
import { loadSystem } from "../../commands/shared/system.ts";
import { safeLine } from "../../commands/shared/text.ts";
import { nodeDisk } from "../../system/disk.ts";
import { type DriverTool, given, gives, reads, stringOf, textOf } from "./tool.ts";

interface Listed {
  readonly id: string;
  readonly agent: string;
  readonly place: Place;
}

const uuidLength = 36;
const defaultCount = 50;

export const listTasks: DriverTool = {
  name: "list_tasks",
  title: "List tasks",
  description:
    "Tasks by agent and folder, the newest first: pending, active, deferred, held, settled (they have an answer), " +
    "corrupt, failed.",
  inputSchema: given({
    agent: textOf("Only of this agent"),
    count: { type: "integer", minimum: 1, maximum: 1000, description: "At most (default 50)" },
  }),
  outputSchema: gives(
    {
      tasks: { type: "array", items: { type: "object" } },
      more: { type: "integer", description: "How many are not listed" },
      hidden: {
        type: "array",
        items: { type: "string" },
        description: "Agents with folders that you may not look into",
      },
    },
    ["tasks", "more", "hidden"],
  ),
  annotations: reads,
  async run(args, { io }) {
    const { runtime } = loadSystem(io.env);
    const name = stringOf(args, "agent");
    const agents = name === null ? runtime.agents : [knownAgent(runtime, name)];
    const hidden = new Set<string>();
    const tasks = agents.flatMap((agent) =>
      folders(runtime, agent).flatMap(({ place, directory, suffix }): Listed[] => {
        const names = listVisible(nodeDisk, directory);
        if (names === null) hidden.add(agent.name);
        return (names ?? [])
          .filter((one) => one.endsWith(suffix))
          .map((one) => ({ id: one.slice(0, -suffix.length), agent: agent.name, place }));
      }),
    );
    // Ids end with a UUID that begins with the time.
    const when = (one: Listed): string => one.id.slice(-uuidLength);
    tasks.sort((a, b) => (when(a) < when(b) ? 1 : -1));
    const count = Number(args["count"] ?? defaultCount);
    return {
      // Names in an inbox are chosen by senders.
      tasks: tasks.slice(0, count).map((one) => ({ ...one, id: safeLine(one.id) })),
      more: Math.max(0, tasks.length - count),
      hidden: [...hidden].sort(),
    };
  },
};
