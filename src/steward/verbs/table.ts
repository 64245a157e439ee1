/** Every verb of the steward. A new one needs a type, a part of the schema, a file here and a line here. */
import type { StewardVerb } from "../types.ts";
import type { Verb } from "../verb.ts";
import { amend } from "./amend.ts";
import { approve } from "./approve.ts";
import { askApproval } from "./ask-approval.ts";
import { commission } from "./commission.ts";
import { deny } from "./deny.ts";
import { grant, revoke } from "./grant.ts";
import { halt } from "./halt.ts";
import { install } from "./install.ts";
import { installLayer } from "./install-layer.ts";
import { killSession } from "./kill-session.ts";
import { pause } from "./pause.ts";
import { propose } from "./propose.ts";
import { quarantine } from "./quarantine.ts";
import { reapply } from "./reapply.ts";
import { removeLayer } from "./remove-layer.ts";
import { resume } from "./resume.ts";
import { resumeAll } from "./resume-all.ts";
import { retire } from "./retire.ts";
import { review } from "./review.ts";
import { rollback } from "./rollback.ts";
import { shareTool } from "./share.ts";
import { rollbackTool, unshareTool } from "./share-turn.ts";
import { spawn } from "./spawn.ts";

const verbs: { readonly [V in StewardVerb]: Verb<V> } = {
  pause,
  resume,
  kill_session: killSession,
  quarantine,
  halt,
  resume_all: resumeAll,
  reapply,
  commission,
  amend,
  retire,
  grant,
  revoke,
  install,
  install_layer: installLayer,
  remove_layer: removeLayer,
  spawn,
  propose,
  rollback,
  review,
  share_tool: shareTool,
  unshare_tool: unshareTool,
  rollback_tool: rollbackTool,
  ask_approval: askApproval,
  approve,
  deny,
};

/** The schema has let the request through, so it is of the verb's own kind. */
export const verbOf = (name: StewardVerb): Verb<StewardVerb> => verbs[name] as Verb<StewardVerb>;
