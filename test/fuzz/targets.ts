/** All that is fuzzed. */
import type { Target } from "./support/target.ts";
import { skill, tar } from "./targets/archives.ts";
import { configuration, contract, manifest, role } from "./targets/configuration.ts";
import { gateway } from "./targets/gateway.ts";
import { labels } from "./targets/labels.ts";
import { mcp } from "./targets/mcp.ts";
import { messages } from "./targets/messages.ts";
import { stream } from "./targets/stream.ts";
import { frontMatterTarget, task } from "./targets/task.ts";
import { toolArguments } from "./targets/tools.ts";

export const targets: readonly Target[] = [
  ...[task, frontMatterTarget, configuration, manifest, role, contract, toolArguments],
  ...[stream, tar, skill, messages, mcp, labels, gateway],
];
