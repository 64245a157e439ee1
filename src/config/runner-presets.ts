/**
 * Known coding agents as data: how each is started for one task, and how it is told where its models are.
 * docs/exec-programs.md says which versions were tried, and what was seen.
 *
 * `{model}` = the agent's alias, `{url}` = the loopback address of its models, `{token}` = what it must show there. No
 * token in an argument: other users may read those. The home of each is a folder that is new with each task: in the
 * workspace an earlier task, and so another sender, could leave settings, hooks and instructions for the next.
 */
import type { ExecRunner } from "./types.ts";

type Preset = Omit<ExecRunner, "models">;

const folder = "/tmp/con-runner";

const claudeCode: Preset = {
  // It asks nobody: the sandbox around it says what it may.
  argv: [
    "/usr/local/bin/claude",
    ...["--print", "--output-format", "text", "--dangerously-skip-permissions"],
    ...["--safe-mode", "--setting-sources", "user", "--strict-mcp-config"],
    ...["--no-session-persistence", "--model", "{model}"],
  ],
  input: "prompt",
  environment: {
    HOME: folder,
    CLAUDE_CONFIG_DIR: folder,
    ANTHROPIC_MODEL: "{model}",
    ANTHROPIC_SMALL_FAST_MODEL: "{model}",
    ANTHROPIC_DEFAULT_HAIKU_MODEL: "{model}",
    ANTHROPIC_DEFAULT_SONNET_MODEL: "{model}",
    ANTHROPIC_DEFAULT_OPUS_MODEL: "{model}",
    CLAUDE_CODE_SUBAGENT_MODEL: "{model}",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_ERROR_REPORTING: "1",
    DISABLE_TELEMETRY: "1",
  },
  files: { [`${folder}/settings.json`]: "{}" },
};

const codexSettings = `model = "{model}"
model_provider = "con"
web_search = "disabled"
project_doc_max_bytes = 0
check_for_update_on_startup = false

[model_providers.con]
name = "con"
base_url = "{url}/v1"
env_key = "CON_MODEL_TOKEN"
wire_api = "responses"
requires_openai_auth = false
supports_websockets = false

[analytics]
enabled = false

[feedback]
enabled = false

[history]
persistence = "none"

[skills]
include_instructions = false

[features]
apps = false
hooks = false
plugins = false
`;

const codex: Preset = {
  argv: [
    "/usr/local/bin/codex",
    ...["exec", "--skip-git-repo-check", "--ephemeral", "--ignore-rules", "--color", "never"],
    ...["--dangerously-bypass-approvals-and-sandbox", "--model", "{model}", "-"],
  ],
  input: "prompt",
  // It makes its helpers in its home only where that is not below TMPDIR.
  environment: { HOME: folder, CODEX_HOME: folder, TMPDIR: `${folder}/tmp` },
  files: { [`${folder}/config.toml`]: codexSettings, [`${folder}/tmp/.keep`]: "" },
};

const geminiSettings = {
  general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
  hooksConfig: { enabled: false },
  skills: { enabled: false },
};

/** It trusts the folder that it works in, or does not work; so what an earlier task left there for it goes. */
const gemini: Preset = {
  argv: [
    "/usr/local/bin/gemini",
    ...["--approval-mode", "yolo", "--output-format", "text", "--extensions", "none"],
    ...["--model", "{model}"],
  ],
  input: "prompt",
  environment: {
    HOME: folder,
    GEMINI_CLI_NO_RELAUNCH: "true",
  },
  removed: [".gemini", ".agents"],
  // The first that it finds is the only one that it reads.
  files: {
    [`${folder}/.gemini/settings.json`]: JSON.stringify(geminiSettings),
    ".gemini/.env": "",
  },
};

const pi: Preset = {
  argv: [
    "/usr/local/bin/pi",
    ...["--print", "--no-session", "--no-extensions", "--no-skills", "--no-prompt-templates"],
    ...["--no-context-files", "--provider", "con", "--model", "{model}"],
  ],
  input: "prompt",
  // Its words to the model, which no flag turns off.
  removed: [".pi"],
  environment: { HOME: folder, PI_CODING_AGENT_DIR: folder, PI_OFFLINE: "1", PI_TELEMETRY: "0" },
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
};

export const presets: Readonly<Record<string, Preset>> = {
  "claude-code": claudeCode,
  codex,
  "gemini-cli": gemini,
  pi,
};
