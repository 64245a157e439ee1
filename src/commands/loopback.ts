/** `con loopback`: starts an agent's program within its sandbox (runner/bridge/inside.ts). Not for people. */
import { main } from "../runner/bridge/inside.ts";

export const run = (): Promise<number> => main(process.env);
