/**
 * Embeddings by the gateway, for an agent whose `can.models` grants the alias `embedder`. Without the grant, and
 * where no vector comes at once, the store's own lexical embedder serves; each vector says which model made it, and
 * upkeep makes those anew that are of another.
 *
 * How many numbers a vector has and who makes them is asked once and kept in `state/memory-embedder.json`; an answer
 * that does not fit ends that knowledge. Never: waits long, or throws when it is made.
 */
import http from "node:http";
import { join } from "node:path";
import type { Embedder } from "../../memory/types.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { readFile, removeDurably, replaceDurably } from "../../system/durable.ts";
import { reasonOf } from "../../system/errors.ts";
import { type JsonObject, jsonOrNull } from "../../system/json.ts";
import { agentAt } from "../policy.ts";
import type { MemoryWorld } from "./world.ts";

const embedderAlias = "embedder";
const timeoutMs = 2500;
const maxAnswerBytes = 32 << 20;
/** Texts that have nothing in common lie below this with usual models. */
const floor = 0.3;
const batch = 16;

interface Shape {
  readonly model: string;
  readonly dimensions: number;
}

type EmbedderWorld = Pick<MemoryWorld, "disk" | "paths" | "agent" | "gateway" | "log" | "now">;

/** Null: the lexical one serves. */
export async function embedderFor(world: EmbedderWorld): Promise<Embedder | null> {
  const { disk, paths, agent, log } = world;
  if (!agentAt(agent, world.now()).can.models.includes(embedderAlias)) return null;
  try {
    const shape = readShape(disk, paths) ?? (await askShape(world));
    return embedder(world, shape);
  } catch (error) {
    log.warn("no embeddings now: words and their parts must do", { why: reasonOf(error) });
    return null;
  }
}

function embedder({ gateway, disk, paths }: EmbedderWorld, shape: Shape): Embedder {
  return {
    ...shape,
    floor,
    embed: async (texts, signal) => {
      const vectors: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += batch) {
        const made = await ask(gateway, texts.slice(at, at + batch), signal);
        if (
          made.model !== shape.model ||
          made.vectors.some((one) => one.length !== shape.dimensions)
        ) {
          removeDurably(disk, shapePath(paths));
          throw new Error(`${embedderAlias} is another model now: ${made.model}`);
        }
        vectors.push(...made.vectors);
      }
      return vectors;
    },
  };
}

const shapePath = ({ state }: Pick<AgentPaths, "state">): string =>
  join(state, "memory-embedder.json");

/** Null where it says nothing that makes sense: it is asked again, and written over. */
function readShape(disk: Disk, paths: AgentPaths): Shape | null {
  const bytes = readFile(disk, shapePath(paths), 4096);
  const kept = bytes === null ? null : jsonOrNull(bytes);
  const { model, dimensions } = (kept ?? {}) as JsonObject;
  const isSize = Number.isSafeInteger(dimensions) && Number(dimensions) > 0;
  return typeof model === "string" && isSize ? { model, dimensions: Number(dimensions) } : null;
}

async function askShape({ gateway, disk, paths }: EmbedderWorld): Promise<Shape> {
  const { model, vectors } = await ask(gateway, ["memory"]);
  const shape = { model, dimensions: vectors[0]?.length ?? 0 };
  replaceDurably(disk, shapePath(paths), Buffer.from(JSON.stringify(shape)), 0o600);
  return shape;
}

interface Answer {
  readonly model: string;
  readonly vectors: readonly Float32Array[];
}

async function ask(
  socketPath: string,
  input: readonly string[],
  signal?: AbortSignal,
): Promise<Answer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const { status, text } = await post(socketPath, JSON.stringify({ model: embedderAlias, input }), {
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  });
  if (status !== 200) throw new Error(`the gateway says ${status}: ${text.slice(0, 200)}`);
  const value = JSON.parse(text) as {
    readonly model?: string;
    readonly data?: readonly { readonly embedding?: readonly number[] }[];
  };
  const vectors = (value.data ?? []).map(({ embedding = [] }) => Float32Array.from(embedding));
  if (vectors.length !== input.length || vectors.some(({ length }) => length === 0))
    throw new Error("the answer has not one vector for each text");
  return { model: `${embedderAlias}/${value.model ?? ""}`.slice(0, 300), vectors };
}

function post(
  socketPath: string,
  body: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const call = http.request(
      { socketPath, signal, method: "POST", path: "/v1/embeddings", headers, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
          if (text.length > maxAnswerBytes) call.destroy(new Error("the answer is too long"));
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    call.on("error", reject);
    call.end(body);
  });
}
