/** What runs while nothing is to be done. */
import type { BootedSuite } from "../suite.ts";

export const idle: BootedSuite = {
  profile: "default",
  about: "The gateway is stopped first, as it ends by itself after a while.",
  async measure({ container }) {
    await container.must(["systemctl", "stop", "con-gateway.service"]);
    const processes = await container.must(["ps", "-eo", "user:32=,args="]);
    const ours = processes
      .split("\n")
      .filter((line) => /^(a-|con-)|\/usr\/bin\/con|\/usr\/lib\/con/.test(line));
    const measured = String(ours.length);
    return { rows: [{ figure: "idle: processes of ours", measured, ratio: "", target: "0" }] };
  },
};
