/**
 * The bell: a FIFO that deliveries write to and systemd passes as descriptor 3 (sd_listen_fds(3)). It
 * wakes agents beyond the machine's inotify limit.
 *
 * It is emptied while the session runs, so that PID 1 does not start the agent again for a task that is
 * done; a ring after the last read stays in the FIFO and starts the next session.
 */
import { Socket } from "node:net";

const firstFd = 3;

/** Null when this process was not given a bell. */
export function openBell(
  env: NodeJS.ProcessEnv,
  pid: number,
  onRing: () => void,
): { readonly close: () => void } | null {
  if (env["LISTEN_FDS"] !== "1" || env["LISTEN_PID"] !== String(pid)) return null;
  // A socket object also makes the descriptor non-blocking, which systemd does not.
  const socket = new Socket({ fd: firstFd, readable: true, writable: false });
  socket.on("data", onRing);
  // A broken bell loses nothing: the inbox is watched and swept.
  socket.on("error", () => socket.destroy());
  return { close: () => socket.destroy() };
}
