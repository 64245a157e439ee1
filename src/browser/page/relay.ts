/** Carries connections of Chromium, which speaks TCP, to the proxy's Unix socket. Looks at nothing. */
import { connect, createServer, type Server } from "node:net";

/** The port of 127.0.0.1 that it listens on; this network has nothing else. */
export function startRelay(
  socketPath: string,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((near) => {
    const far = connect(socketPath);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new TypeError("no port");
      resolve({ server, port: address.port });
    });
  });
}
