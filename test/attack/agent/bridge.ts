/** The models of the program's own task, at the loopback address that it was told. */
import net from "node:net";
import type { Args, Deed, Done } from "../types.ts";
import { exchange } from "./network.ts";

/** One request as bytes; `{token}` is what the program was given. */
function bridge(args: Args): Promise<Done> {
  const { CON_MODEL_URL: url = "", CON_MODEL_TOKEN: token = "" } = process.env;
  if (url === "") return Promise.resolve({ blockedBy: "ENOENT", detail: "no bridge here" });
  const { hostname, port } = new URL(url);
  const [head, body] = ["head", "body"].map((name) => args.text(name).replaceAll("{token}", token));
  return exchange(net.connect(Number(port), hostname), head ?? "", body ?? "");
}

export const bridges: Readonly<Record<string, Deed>> = { bridge };
