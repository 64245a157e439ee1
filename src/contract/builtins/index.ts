/** Every built-in check by the name that contracts call it. */
import type { ChainHead } from "../../system/chain.ts";
import { exec } from "../../system/exec.ts";
import type { BuiltinCheck } from "../types.ts";
import { conBuiltins } from "./con/index.ts";
import { driftCheck } from "./drift.ts";
import { jsonKey, tomlKey, yamlKey } from "./generic/keys.ts";
import { pathExists, pathNotExists } from "./generic/paths.ts";
import { noRegexInFile, regexInFile } from "./generic/patterns.ts";
import { commandAvailable, envVar, noEnvVar } from "./generic/programs.ts";
import { logsChain } from "./logs-chain.ts";
import { acl, fileHash, pathMode } from "./system/files.ts";
import { gpuPresent } from "./system/gpu.ts";
import { nftRule, portListening } from "./system/network.ts";
import { readNames, userExists } from "./system/people.ts";
import { diskFree, load, machine, memoryFree } from "./system/resources.ts";
import { unitActive, unitNotFailed } from "./system/units.ts";

/**
 * New for each evaluation, because some look once however many contracts ask. `historyHead`: how far the
 * history went when it was written last.
 */
export function createBuiltins(
  environment: NodeJS.ProcessEnv,
  historyHead: ChainHead | null,
): ReadonlyMap<string, BuiltinCheck> {
  const names = () => readNames();
  return new Map<string, BuiltinCheck>([
    ["path_exists", pathExists],
    ["path_not_exists", pathNotExists],
    ["regex_in_file", regexInFile],
    ["no_regex_in_file", noRegexInFile],
    ["yaml_key", yamlKey],
    ["json_key", jsonKey],
    ["toml_key", tomlKey],
    ["env_var", envVar(environment)],
    ["no_env_var", noEnvVar(environment)],
    ["command_available", commandAvailable],
    ["disk_free", diskFree(machine)],
    ["memory_free", memoryFree(machine)],
    ["load", load(machine)],
    ["unit_active", unitActive(exec)],
    ["unit_not_failed", unitNotFailed(exec)],
    ["path_mode", pathMode(names)],
    ["acl", acl(names)],
    ["file_hash", fileHash],
    ["user_exists", userExists(names)],
    ["port_listening", portListening("")],
    ["gpu_present", gpuPresent("/dev")],
    ["nft_rule", nftRule(exec)],
    ["drift", driftCheck()],
    ["logs_chain", logsChain(historyHead)],
    ...conBuiltins,
  ]);
}
