/**
 * Within the sandbox: a loopback address for the program's models, and the program itself.
 *
 * Programs know their models by an address; the bridge (bridge.ts) is a Unix socket of the runner. What comes in here is
 * passed on as it is: the bridge judges it. Never: passes its own settings on to the program, but in the places where the
 * manifest's templates ask for them. Nothing remains: it ends with the program, and the sandbox with it.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { constants } from "node:os";
import { dirname } from "node:path";

/** Where the sandbox shows the bridge. */
export const socketInside = "/run/con-models.sock";

export interface Spec {
  /** The bridge, as it is seen here. */
  readonly socket: string;
  readonly token: string;
  /** To listen on; 0 = any. The packet rules know it where the network is the machine's. */
  readonly port: number;
  readonly argv: readonly [string, ...string[]];
  /** `{url}` and `{token}` are filled in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
}

const settings = "CON_LOOPBACK";
const maxConnections = 64;

/** By the environment: other users may read arguments. */
export const loopbackCommand = (
  spec: Spec,
): {
  readonly argv: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
} => ({
  argv: [process.execPath, "--max-old-space-size=64", process.argv[1] ?? "", "loopback"],
  environment: { [settings]: JSON.stringify(spec) },
});

/** sysexits(3): try again later. */
const tempFail = 75;

/** The exit code of the program; 127 when it cannot be started, and 75 when somebody else has its port. */
export async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const { [settings]: text = "", ...rest } = env;
  const { socket, token, port, argv, environment, files, removed } = JSON.parse(text) as Spec;
  const server = net.createServer((client) => connect(client, socket));
  server.maxConnections = maxConnections;
  const own = await listen(server, port);
  if (own === null) {
    process.stderr.write(`port ${port}, where its models would be, belongs to somebody else now\n`);
    return tempFail;
  }
  const url = `http://127.0.0.1:${own}`;
  const filled = (value: string): string =>
    value.replaceAll("{url}", url).replaceAll("{token}", token);
  for (const path of removed) fs.rmSync(path, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    fs.writeFileSync(path, filled(content), { mode: 0o600 });
  }
  const [program, ...args] = argv;
  const told = Object.entries(environment).map(([name, value]) => [name, filled(value)]);
  return start(
    program,
    // No token in an argument.
    args.map((value) => value.replaceAll("{url}", url)),
    { ...rest, ...Object.fromEntries(told), CON_MODEL_URL: url, CON_MODEL_TOKEN: token },
  );
}

/** Null: the port is taken. Then the program must not start: it would tell its token there. */
function listen(server: net.Server, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => {
      server.removeAllListeners("error");
      resolve((server.address() as net.AddressInfo).port);
    });
  });
}

/** Either side's end is the other's. */
function connect(client: net.Socket, path: string): void {
  const bridge = net.connect(path);
  const drop = (): void => {
    client.destroy();
    bridge.destroy();
  };
  for (const side of [client, bridge]) side.on("error", drop).on("close", drop);
  client.pipe(bridge).pipe(client);
}

function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: "inherit" });
    child.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(`${program} cannot be started: ${error.code ?? error.message}\n`);
      resolve(127);
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + numberOf(signal)));
  });
}

const numberOf = (signal: NodeJS.Signals | null): number =>
  signal === null ? 0 : (constants.signals[signal] ?? 0);
