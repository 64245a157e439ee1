/** Whether somebody listens on a Unix socket: the only honest sign that `con dev` runs. */
import { connect } from "node:net";

export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // ENOENT and ECONNREFUSED: nobody; EACCES: nobody for us.
    socket.on("error", () => resolve(false));
  });
}
