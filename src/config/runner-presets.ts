/**
 * Known coding agents as data: how each is started for one task, and how it is told where its models are. docs/runners.md
 * says which versions' flags these are and what was tried.
 *
 * `{model}` = the agent's alias, `{url}` = the loopback address of its models, `{token}` = what it must show there. No
 * token in an argument: other users may read those.
 */
import type { ExecRunner } from "./types.ts";

type Preset = Omit<ExecRunner, "models">;

const folder = "/tmp/con-runner";

export const presets: Readonly<Record<string, Preset>> = {
  "claude-code": {
    // It asks nobody: the sandbox around it says what it may.
    argv: [
      "/usr/local/bin/claude",
      ...["--print", "--output-format", "text"],
      ...["--dangerously-skip-permissions", "--model", "{model}"],
    ],
    input: "prompt",
    environment: {
      ANTHROPIC_MODEL: "{model}",
      ANTHROPIC_SMALL_FAST_MODEL: "{model}",
      ANTHROPIC_DEFAULT_HAIKU_MODEL: "{model}",
      ANTHROPIC_DEFAULT_SONNET_MODEL: "{model}",
      ANTHROPIC_DEFAULT_OPUS_MODEL: "{model}",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
    },
    files: {},
  },
  pi: {
    argv: ["/usr/local/bin/pi", "--print", "--provider", "con", "--model", "{model}"],
    input: "prompt",
    environment: { PI_CODING_AGENT_DIR: folder, PI_OFFLINE: "1" },
    files: {
      [`${folder}/models.json`]: JSON.stringify({
        providers: {
          con: {
            baseUrl: "{url}/v1",
            api: "openai-completions",
            apiKey: "{token}",
            compat: { supportsDeveloperRole: false, supportsReasoningEffort: false },
            models: [{ id: "{model}" }],
          },
        },
      }),
    },
  },
};

/** Known by name, so that the refusal says why. */
export const notBridged: Readonly<Record<string, string>> = {
  codex: "speaks OpenAI's responses format only",
  gemini: "speaks Google's own format only",
};
